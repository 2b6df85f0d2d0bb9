"""Zip archives of Lambda code."""

import io
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

READABLE = 0o644 << 16  # Lambda does not run the code as the user who deploys it


def read_files(root: Path, folder: str) -> dict[str, bytes]:
    """The files in `root/folder` by their path relative to `root`, without bytecode."""
    paths = sorted((root / folder).rglob("*"))
    files = (path for path in paths if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def zip_files(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    now = time.localtime()[:6]  # a fixed time could match stale bytecode of a source of equal size
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, now)
            entry.external_attr = READABLE
            archive.writestr(entry, content)
    return buffer.getvalue()
