"""Every entry file stands in the topology, and the other way round."""

from collections.abc import Iterable
from pathlib import Path

from infra.topology import ROWS
from infra.vocabulary import Route, Trigger
from tests.infra.cloud import ROOT


def faults(rows: Iterable[Trigger], functions: Path) -> list[str]:
    told = [row.function for row in rows]
    there = {f"{path.parent.name}.{path.stem}" for path in functions.glob("*/*.py") if path.stem != "__init__"}
    twice = [f"{name} has two rows" for name in set(told) if told.count(name) > 1]
    missing = [f"{name} has no file" for name in set(told) - there]
    return twice + missing + [f"{name} has no row" for name in there - set(told)]


def test_every_row_has_its_entry_file_and_every_entry_file_its_row() -> None:
    assert faults(ROWS, ROOT / "functions") == []


def test_a_row_too_few_or_too_many_is_seen() -> None:
    one = Route("GET /v1/extra", "events.extra", next(row for row in ROWS if isinstance(row, Route)).who)

    assert faults(ROWS[1:], ROOT / "functions") == [f"{ROWS[0].function} has no row"]
    assert faults((*ROWS, one), ROOT / "functions") == ["events.extra has no file"]
    assert faults((*ROWS, ROWS[0]), ROOT / "functions") == [f"{ROWS[0].function} has two rows"]


def test_an_entry_file_declares_a_handler() -> None:
    for row in ROWS:
        source = (ROOT / "functions" / row.service / f"{row.file}.py").read_text()

        assert "def handler(" in source or "\nhandler" in source, row.function
