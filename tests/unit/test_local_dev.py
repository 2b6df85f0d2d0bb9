"""Which functions a changed source reloads, and the archive that is deployed."""

import io
import zipfile
from pathlib import Path

import pytest

from infra.topology import ROWS
from local.code_archive import read_files, zip_files
from local.dev import affected_functions, changed_paths

BOOKING = sorted(row.function for row in ROWS if row.service == "booking")
ALL = sorted(row.function for row in ROWS)


@pytest.mark.parametrize(
    ("path", "functions"),
    [
        ("functions/booking/http/create_booking.py", ["booking.create_booking"]),
        ("functions/booking/core/holds.py", BOOKING),
        ("functions/booking/__init__.py", BOOKING),
        ("layers/common/python/common/api.py", ALL),
        ("infra/topology/booking.py", []),
        ("functions/booking/http/unknown.py", []),
    ],
)
def test_changed_source_reloads_its_functions(path: str, functions: list[str]) -> None:
    assert affected_functions([Path(path)]) == functions


def test_added_changed_and_deleted_files_are_found() -> None:
    before = {Path("same"): 1, Path("changed"): 1, Path("deleted"): 1}
    after = {Path("same"): 1, Path("changed"): 2, Path("added"): 1}

    assert changed_paths(before, after) == [Path("added"), Path("changed"), Path("deleted")]


def test_archive_has_every_file_except_bytecode(tmp_path: Path) -> None:
    for name in ("one/__init__.py", "one/site/index.html", "one/__pycache__/x.pyc", "two/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)

    archive = zipfile.ZipFile(io.BytesIO(zip_files(read_files(tmp_path, "one"))))

    assert {name: archive.read(name).decode() for name in archive.namelist()} == {
        name: name for name in ("one/__init__.py", "one/site/index.html")
    }
