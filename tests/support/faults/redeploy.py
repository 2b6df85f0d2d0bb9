"""Deploys a function with patched sources, for negative controls."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local.code_archive import read_files, zip_files
from local.stack import Stack

FUNCTIONS = Path(__file__).parents[3] / "functions"


@contextmanager
def redeployed(stack: Stack, function: str, changes: Mapping[str, tuple[str, str]]) -> Iterator[None]:
    """Deploy the function with each `path: (old, new)` replaced; restores it after the block."""
    service = function.partition(".")[0]
    _deploy(stack, function, _zip_service(service, changes))
    try:
        yield
    finally:
        _deploy(stack, function, _zip_service(service, {}))


def _deploy(stack: Stack, function: str, code: bytes) -> None:
    stack.client("lambda").update_function_code(FunctionName=stack.function(function), ZipFile=code)


def _zip_service(service: str, changes: Mapping[str, tuple[str, str]]) -> bytes:
    files = read_files(FUNCTIONS, service)
    assert len(files) >= 3, f"{service} has {len(files)} files"
    assert changes.keys() <= files.keys(), f"no such files: {changes.keys() - files.keys()}"
    for path, (old, new) in changes.items():
        text = files[path].decode()
        assert old in text, f"{path} has no {old!r} to change"
        files[path] = text.replace(old, new).encode()
    return zip_files(files)
