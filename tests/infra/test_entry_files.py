"""Every handler file has a topology row, and every row a handler file."""

from collections.abc import Iterable
from pathlib import Path

from infra.topology import ROWS
from infra.topology_types import FunctionSpec, Route
from tests.infra.cloud_assembly import ROOT


def faults(rows: Iterable[FunctionSpec], functions: Path) -> list[str]:
    names, sources = [row.function for row in rows], {row.source for row in rows}
    files = {str(path.relative_to(functions)) for path in functions.glob("*/*/*.py") if path.parent.name != "core"}
    duplicates = [f"{name} has two rows" for name in set(names) if names.count(name) > 1]
    missing = [f"{source} does not exist" for source in sources - files]
    return duplicates + missing + [f"{source} has no row" for source in files - sources]


def test_rows_and_entry_files_match() -> None:
    assert faults(ROWS, ROOT / "functions") == []


def test_missing_or_extra_row_is_detected() -> None:
    one = Route("GET /v1/extra", "events.extra", next(row for row in ROWS if isinstance(row, Route)).access)

    assert faults(ROWS[1:], ROOT / "functions") == [f"{ROWS[0].source} has no row"]
    assert faults((*ROWS, one), ROOT / "functions") == ["events/http/extra.py does not exist"]
    assert faults((*ROWS, ROWS[0]), ROOT / "functions") == [f"{ROWS[0].function} has two rows"]


def test_entry_file_declares_a_handler() -> None:
    for row in ROWS:
        source = (ROOT / "functions" / row.source).read_text()

        assert "def handler(" in source or "\nhandler" in source, row.function
