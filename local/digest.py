"""One number for everything that a running stack was made from."""

import hashlib
from pathlib import Path

ROOT = Path(__file__).parents[1]
INPUTS = ("app.py", "cdk.json", "package-lock.json", "requirements/all.txt", "infra", "functions", "layers", "local")


def digest(*extra: str) -> str:
    """The digest of the sources; it changes when a start would give another stack."""
    total = hashlib.sha256("\0".join(extra).encode())
    for path in sorted(path for name in INPUTS for path in files(ROOT / name)):
        total.update(f"{path.relative_to(ROOT)}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [p for p in path.rglob("*") if p.is_file() and "__pycache__" not in p.parts and p.suffix != ".pyc"]
