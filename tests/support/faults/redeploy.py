"""Deploys a function with patched sources, for negative controls."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

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
    buffer = io.BytesIO()
    unused = dict(changes)
    with zipfile.ZipFile(buffer, "w") as archive:
        paths = sorted((FUNCTIONS / service).rglob("*.py"))
        assert len(paths) >= 3, f"{service} has {len(paths)} files"
        for path in paths:
            name, text = str(path.relative_to(FUNCTIONS)), path.read_text()
            if name in changes:
                old, new = unused.pop(name)
                assert old in text, f"{name} has no {old!r} to change"
                text = text.replace(old, new)
            archive.writestr(name, text)
    assert not unused, f"no such files: {list(unused)}"
    return buffer.getvalue()
