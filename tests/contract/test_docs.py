"""The generated pages are those that the code gives, and say what they must."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from common.statemachine import StateMachine
from infra.topology import ROWS, TABLES
from tools.docs import pages, read, states, topology

SVG = "{http://www.w3.org/2000/svg}"


def test_what_is_committed_is_what_would_be_generated() -> None:
    assert pages.stale() == []


def test_a_page_that_was_edited_by_hand_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, text in pages.generated().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    assert pages.stale() == []

    (tmp_path / "docs/bus.md").write_text("# The bus\n", encoding="utf-8")
    (tmp_path / "docs/schemas/Gone.v1.json").write_text("{}", encoding="utf-8")

    assert [str(path) for path in pages.stale()] == ["docs/bus.md", "docs/schemas/Gone.v1.json"]


def test_a_bus_event_that_lost_a_field_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs/schemas").mkdir(parents=True)
    old = '{"properties": {"lost": {"type": "string"}}}'
    (tmp_path / "docs/schemas/BookingOrdered.v1.json").write_text(old, encoding="utf-8")
    monkeypatch.setattr(pages, "ROOT", tmp_path)

    with pytest.raises(ValueError, match=r"BookingOrdered\.v1\.lost is gone"):
        pages.write()

    assert (tmp_path / "docs/schemas/BookingOrdered.v1.json").read_text(encoding="utf-8") == old


def test_the_readme_opens_with_the_picture() -> None:
    opening = (read.ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:20]

    assert any("(docs/topology.svg)" in line for line in opening)


def test_handlers_are_read_without_environment_region_or_credentials() -> None:
    path = {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"], "HOME": "/nonexistent"}

    done = subprocess.run(
        [sys.executable, "-c", "from tools.docs import read; [read.handler(row) for row in read.ROWS]"],
        cwd=read.ROOT,
        env=path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_every_row_and_table_stands_on_the_page_of_the_topology() -> None:
    page = topology.page()

    assert [row.function for row in ROWS if f"`{row.function}`" not in page] == []
    assert [table.name for table in TABLES if f"\n| {table.name} |" not in page] == []


def test_the_drawing_is_svg_in_which_nothing_lies_outside() -> None:
    picture = ET.fromstring(topology.drawing())  # noqa: S314 - our own drawing
    width, height = (int(one) for one in picture.attrib["viewBox"].split()[2:])
    words = list(picture.iter(f"{SVG}text"))

    assert {"auth", "user", "events", "booking", "payment", "ticket", "notify"} <= {one.text for one in words}
    assert all(0 < int(one.attrib["x"]) < width and 0 < int(one.attrib["y"]) < height for one in words)


def test_every_service_with_states_shows_them_all() -> None:
    text = states.page()

    shown = {service for service, _, _ in states.machines()}
    assert {"booking", "payment", "ticket", "events", "notify"} <= shown
    for _, _, machine in states.machines():
        assert isinstance(machine, StateMachine)
        for (state, trigger), target in machine.table.items():
            assert f"| `{state}` | {trigger} | `{target}` |" in text
