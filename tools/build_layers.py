"""Build the code assets of stages on AWS into build/: dependency layers for Lambda's platform, code and byte code.

Needs no container and no compiler: wheels only. Run `python -m tools.build_layers` after a change of code.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from compileall import compile_dir
from pathlib import Path
from py_compile import PycInvalidationMode

from infra.topology.layers import PACKAGES, SDK_SERVICES
from infra.topology_types import Layer

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build"
REQUIREMENTS = ROOT / "requirements" / "runtime.txt"
# What Lambda's systems can load: glibc 2.26 under Python 3.11, 2.34 from 3.12 on.
GLIBC = ("manylinux2014", "manylinux_2_17", "manylinux_2_26")
NEWER_GLIBC = ("manylinux_2_28", "manylinux_2_31", "manylinux_2_34")
MAX_BYTES = 250 * 1024 * 1024  # Lambda's limit for a function's code and layers, unzipped
PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==.*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)


class BuildFailed(SystemExit):
    """The build ends with this sentence."""


def main() -> None:
    shutil.rmtree(BUILD, ignore_errors=True)
    for layer, requirements in layer_requirements(REQUIREMENTS.read_text()).items():
        if requirements:
            install(requirements, BUILD / "layers" / layer / "python")
    prune_sdk(BUILD / "layers" / Layer.CORE / "python" / "botocore" / "data")
    copy_tree(ROOT / "layers" / "common" / "python", BUILD / "common" / "python")
    copy_tree(ROOT / "functions", BUILD / "functions")
    for path in (*(BUILD / "layers").iterdir(), BUILD / "common"):
        compile_all(path, "/opt")
    compile_all(BUILD / "functions", "/var/task")
    size = total_bytes(BUILD)
    if size > MAX_BYTES:
        raise BuildFailed(f"build/ has {size} bytes, Lambda takes {MAX_BYTES}")
    sizes = ", ".join(f"{path.name} {total_bytes(path) / 1e6:.0f}" for path in sorted((BUILD / "layers").iterdir()))
    print(f"build/ is ready: {size / 1e6:.0f} MB for Python {version()} on arm64 (layers in MB: {sizes})")


def layer_requirements(lock: str) -> Mapping[Layer, str]:
    """The lock's entries by layer. Raises BuildFailed unless every pin is in exactly one layer."""
    entries: dict[str, str] = {}
    for pin in PIN.finditer(lock):
        entries[pin["name"]] = entries.get(pin["name"], "") + pin.group()  # one package may have a pin per Python
    layer_of = {name: layer for layer, names in PACKAGES.items() for name in names}
    if duplicates := _duplicates(name for names in PACKAGES.values() for name in names):
        raise BuildFailed(f"in two layers: {', '.join(duplicates)}")
    if different := sorted(entries.keys() ^ layer_of.keys()):
        raise BuildFailed(f"not both in requirements/runtime.txt and infra/topology/layers.py: {', '.join(different)}")
    return {layer: "".join(entries[name] for name in names) for layer, names in PACKAGES.items()}


def install(requirements: str, target: Path) -> None:
    """Install the pinned wheels for Lambda's platform and this Python's version."""
    libraries = GLIBC if sys.version_info < (3, 12) else GLIBC + NEWER_GLIBC
    platforms = [part for name in libraries for part in ("--platform", f"{name}_aarch64")]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(requirements)
        file.flush()
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--only-binary=:all:", "--no-compile", "--require-hashes", "--requirement", file.name]
        command += ["--implementation", "cp", "--python-version", version(), *platforms, "--target", str(target)]
        if subprocess.run(command, check=False).returncode:
            raise BuildFailed("pip could not fetch a wheel of every pinned dependency for arm64")
    for unused in ("bin", "share"):
        shutil.rmtree(target / unused, ignore_errors=True)


def prune_sdk(data: Path) -> None:
    """Delete the service descriptions that no function uses."""
    for service in data.iterdir():
        if service.is_dir() and service.name not in SDK_SERVICES:
            shutil.rmtree(service)


def copy_tree(source: Path, target: Path) -> None:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))


def compile_all(path: Path, deployed_path: str) -> None:
    """Compile byte code that Lambda loads without checking the source, under the paths it has there."""
    mode = PycInvalidationMode.UNCHECKED_HASH
    if not compile_dir(path, quiet=1, stripdir=str(path), prependdir=deployed_path, invalidation_mode=mode, workers=0):
        raise BuildFailed(f"{path} does not compile")


def total_bytes(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _duplicates(names: Iterable[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


if __name__ == "__main__":
    main()
