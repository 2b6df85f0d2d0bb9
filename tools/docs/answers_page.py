"""docs/answers.md: every call's every documented answer, and a test that got it from the deployed system.

The end-to-end tests leave what they heard in build/answers.json; `make answers` writes the page from it.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tools.docs import read
from tools.docs.answers import GENERAL, documented

PAGE = Path("docs/answers.md")
HEARD = Path("build/answers.json")
EMPTY = "—"
# Calls that are newer than their end-to-end tests: the list only ever gets shorter, a test sees to it.
OWED: tuple[str, ...] = ()
_INTRO = """\
A row for every answer that stands with a call in [openapi.json](openapi.json), and an end-to-end test that got it over
HTTP from the system as it is deployed on the emulator. `done` is success, `gateway` the gateway's own answer in plain
JSON. The last test of a run compares this page with what was heard; a row without a test fails it."""
_ANY = """\
## Any call

What any call may answer stands with none of them; one call was made to give it. The gateway's own 429 and 503 cannot
be had here: the emulator neither throttles nor loses functions."""


class Cell(NamedTuple):
    """One answer of one call: status, and the problem's slug or whose answer it is."""

    call: str
    status: int
    word: str


def wanted() -> list[Cell]:
    """All that is documented, but for the calls whose tests are owed."""
    return [one for one in everything() if one.call not in OWED]


def everything() -> list[Cell]:
    """All that is documented."""
    return [Cell(row.call, *one) for row in read.routes() for one in sorted(documented(row))]


def general() -> list[tuple[int, str]]:
    """What any call may answer, as far as it can be had."""
    return GENERAL


def page(tests: Mapping[Cell, str]) -> str:
    """The whole file."""
    rows = [(f"`{one.call}`", f"{one.status} {one.word}", _test(tests.get(one))) for one in wanted()]
    anyhow = [(f"{status} {word}", _test(_of_any(tests, status, word))) for status, word in general()]
    tables = [read.table(("call", "answer", "test"), rows), _ANY, read.table(("answer", "test"), anyhow)]
    return "\n\n".join(["# Answers", read.NOTICE, _INTRO, *tables]) + "\n"


def empty(text: str) -> list[str]:
    """The page's rows that name no test."""
    return [line for line in text.splitlines() if line.endswith(f"| {EMPTY} |")]


def tests_named(text: str) -> set[tuple[str, str]]:
    """(file, function) of all tests that the page names."""
    return set(re.findall(r"\| (tests/\S+\.py)::(\w+)", text))


def heard() -> dict[Cell, str]:
    """What the last whole run of the end-to-end tests left."""
    return {Cell(*one): test for *one, test in json.loads((read.ROOT / HEARD).read_text(encoding="utf-8"))}


def leave(tests: Mapping[Cell, str]) -> None:
    """Leave it for `make answers`."""
    (read.ROOT / HEARD).parent.mkdir(exist_ok=True)
    text = json.dumps([[*cell, test] for cell, test in tests.items()], indent=1)
    (read.ROOT / HEARD).write_text(text, encoding="utf-8")


def _of_any(tests: Mapping[Cell, str], status: int, word: str) -> str | None:
    return min((test for cell, test in tests.items() if cell[1:] == (status, word)), default=None)


def _test(name: str | None) -> str:
    return name or EMPTY


if __name__ == "__main__":
    (read.ROOT / PAGE).write_text(page(heard()), encoding="utf-8")
