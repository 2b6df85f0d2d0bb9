"""`make dev`: reload functions of the running system when their sources change.

A changed handler reloads one function, a changed core module its service's functions, a changed common module all
functions. A change of the stacks (infra/, app.py, requirements/) needs `make up`.
"""

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from infra import topology
from infra.topology_types import FunctionSpec
from local.cdk import ROOT
from local.code_archive import read_files, zip_files
from local.progress import CommandError, run_command
from local.stack import Ports, Stack
from local.up import STATE, last_start

POLL_SECONDS = 0.3
WORKERS = 8
FUNCTIONS, COMMON = Path("functions"), Path("layers/common/python")
STACK_SOURCES = ("app.py", "cdk.json", "infra", "requirements", "package-lock.json")


def affected_functions(changed: Iterable[Path]) -> list[str]:
    """The functions to reload for these files, relative to the project."""
    return sorted({row.function for path in changed for row in topology.ROWS if _affects(path, row)})


def reload(stack: Stack, changed: Iterable[Path], root: Path = ROOT) -> list[str]:
    """Deploy the changed sources below `root`. Returns the functions that were reloaded."""
    paths = list(changed)
    functions = [name for name in affected_functions(paths) if name in stack.functions]
    layer = _publish_common(stack, root) if any(path.is_relative_to(COMMON) for path in paths) else None
    code = {service: _zip(root / FUNCTIONS, service) for service in {name.split(".")[0] for name in functions}}

    def update(name: str) -> None:
        client, physical = stack.client("lambda"), stack.function(name)
        if layer:
            client.update_function_configuration(FunctionName=physical, Layers=[layer])
        client.update_function_code(FunctionName=physical, ZipFile=code[name.split(".", maxsplit=1)[0]])

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(update, functions))
    return functions


def modified_times(root: Path = ROOT) -> dict[Path, int]:
    """When each watched file was last changed, in nanoseconds, by its path relative to the project."""
    watched = (str(FUNCTIONS), str(COMMON), *STACK_SOURCES)
    files = [
        file for name in watched for file in ([root / name] if (root / name).is_file() else (root / name).rglob("*"))
    ]
    found: dict[Path, int] = {}
    for file in files:
        with suppress(FileNotFoundError):  # an editor replaces a file by renaming another
            if file.is_file() and "__pycache__" not in file.parts:
                found[file.relative_to(root)] = file.stat().st_mtime_ns
    return found


def changed_paths(before: Mapping[Path, int], after: Mapping[Path, int]) -> list[Path]:
    """Files that were added, changed or deleted."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def dev() -> None:
    """Watch until interrupted."""
    ports = last_start(STATE).get("ports")
    stack = Stack(Ports(**ports), STATE) if ports else None
    if stack is None or not stack.is_alive():
        raise CommandError("No system is running: make up starts one.")
    print(f"dev: watching functions/ and layers/; API {stack.api} (Ctrl-C ends)")
    before = modified_times()
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(POLL_SECONDS)
            after = modified_times()
            changed, before = changed_paths(before, after), after
            if changed:
                _report(stack, changed)


def _report(stack: Stack, changed: list[Path]) -> None:
    started = time.monotonic()
    try:
        functions = reload(stack, changed)
    except Exception as error:  # noqa: BLE001 - a half-saved file must not end the watch
        print(f"dev: not reloaded: {error}")
        return
    seconds = time.monotonic() - started
    shown = ", ".join(functions[:3]) + (f" and {len(functions) - 3} more" if len(functions) > 3 else "")
    print(f"dev: {shown or 'nothing'} reloaded in {seconds:.1f} s", flush=True)
    if any(path.parts[0] in STACK_SOURCES for path in changed):
        print("dev: the stacks changed: run make up", flush=True)


def _publish_common(stack: Stack, root: Path) -> str:
    layer = stack.client("lambda").publish_layer_version(
        LayerName="common-dev", Content={"ZipFile": _zip(root / "layers/common", "python")}
    )
    return str(layer["LayerVersionArn"])


def _affects(path: Path, row: FunctionSpec) -> bool:
    service = FUNCTIONS / row.service
    sources = (FUNCTIONS / row.source, service / "core", service / "__init__.py", COMMON)
    return any(path.is_relative_to(source) for source in sources)


def _zip(root: Path, folder: str) -> bytes:
    return zip_files(read_files(root, folder))


if __name__ == "__main__":
    run_command(dev)
