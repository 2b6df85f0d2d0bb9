"""Build what the stages on AWS ship, into build/: dependencies for Lambda's platform, and byte code.

No container and no compiler: wheels only. `python -m tools.build_layer` after any change of code.
"""

import shutil
import subprocess
import sys
from compileall import compile_dir
from pathlib import Path
from py_compile import PycInvalidationMode

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build"
REQUIREMENTS = ROOT / "requirements" / "runtime.txt"
# What Lambda's systems can load: glibc 2.26 under Python 3.11, 2.34 from 3.12 on.
GLIBC = ("manylinux2014", "manylinux_2_17", "manylinux_2_26")
NEWER_GLIBC = ("manylinux_2_28", "manylinux_2_31", "manylinux_2_34")
LIMIT = 250 * 1024 * 1024  # bytes of a function's code and layers, unzipped


class CannotBuild(SystemExit):
    """The build ends with this sentence."""


def main() -> None:
    shutil.rmtree(BUILD, ignore_errors=True)
    install(BUILD / "layer" / "python")
    copy(ROOT / "layers" / "common" / "python", BUILD / "common" / "python")
    copy(ROOT / "functions", BUILD / "functions")
    for path, where in ((BUILD / "layer", "/opt"), (BUILD / "common", "/opt"), (BUILD / "functions", "/var/task")):
        compile_all(path, where)
    size = sum(file.stat().st_size for file in BUILD.rglob("*") if file.is_file())
    if size > LIMIT:
        raise CannotBuild(f"build/ has {size} bytes, Lambda takes {LIMIT}")
    print(f"build/ is ready: {size / 1e6:.0f} MB for Python {version()} on arm64")


def install(target: Path) -> None:
    """The pinned wheels, for Lambda's platform and this Python's version."""
    libraries = GLIBC if sys.version_info < (3, 12) else GLIBC + NEWER_GLIBC
    platforms = [part for name in libraries for part in ("--platform", f"{name}_aarch64")]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--no-compile", "--require-hashes", "--requirement", str(REQUIREMENTS)]
    command += ["--implementation", "cp", "--python-version", version(), *platforms, "--target", str(target)]
    if subprocess.run(command, check=False).returncode:
        raise CannotBuild("pip could not fetch a wheel of every pinned dependency for arm64")
    for unused in ("bin", "share"):
        shutil.rmtree(target / unused, ignore_errors=True)


def copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))


def compile_all(path: Path, where: str) -> None:
    """Byte code that Lambda loads without looking at the source, and whose names are those there."""
    mode = PycInvalidationMode.UNCHECKED_HASH
    if not compile_dir(path, quiet=1, stripdir=str(path), prependdir=where, invalidation_mode=mode, workers=0):
        raise CannotBuild(f"{path} does not compile")


def version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


if __name__ == "__main__":
    main()
