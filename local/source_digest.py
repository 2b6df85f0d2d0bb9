"""Digests of the sources, to tell whether a running system or its templates are up to date."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
# The inputs of the synthesised templates and their assets.
TEMPLATE_SOURCES = ("app.py", "cdk.json", "package-lock.json", "requirements", "infra", "functions", "layers")
SYSTEM_SOURCES = (*TEMPLATE_SOURCES, "local")


def digest(*extra: str, sources: Sequence[str] = SYSTEM_SOURCES) -> str:
    """The SHA-256 of the sources and `extra`; it changes when a new start would produce a different system."""
    hasher = hashlib.sha256("\0".join(extra).encode())
    for path in sorted(path for name in sources for path in source_files(ROOT / name)):
        hasher.update(f"{path.relative_to(ROOT)}\0".encode())
        hasher.update(hashlib.sha256(path.read_bytes()).digest())
    return hasher.hexdigest()


def source_files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [p for p in path.rglob("*") if p.is_file() and "__pycache__" not in p.parts and p.suffix != ".pyc"]
