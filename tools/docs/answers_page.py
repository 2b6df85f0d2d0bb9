"""docs/answers.md: every documented response, and an end-to-end test that received it from the deployed system.

The end-to-end tests record responses in build/answers.json; `make answers` writes the page from it.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tools.docs import introspection
from tools.docs.answers import TESTABLE_GENERAL_RESPONSES, documented_responses

PAGE = Path("docs/answers.md")
RECORDED = Path("build/answers.json")
NO_TEST = "—"
# Routes without end-to-end tests so far; a test fails if the list grows.
UNTESTED_ROUTES: tuple[str, ...] = ()
_INTRO = """\
A row for every answer that stands with a call in [openapi.json](openapi.json), and an end-to-end test that got it over
HTTP from the system as it is deployed on the emulator. `done` is success, `gateway` the gateway's own answer in plain
JSON. The last test of a run compares this page with what was heard; a row without a test fails it."""
_GENERAL_INTRO = """\
## Any call

What any call may answer stands with none of them; one call was made to give it. The gateway's own 429 and 503 cannot
be had here: the emulator neither throttles nor loses functions."""


class DocumentedResponse(NamedTuple):
    """A response of a route: status, and `done`, `unchanged`, `gateway` or the problem's slug."""

    call: str
    status: int
    outcome: str


def tested_responses() -> list[DocumentedResponse]:
    """All documented responses except those of UNTESTED_ROUTES."""
    return [one for one in all_responses() if one.call not in UNTESTED_ROUTES]


def all_responses() -> list[DocumentedResponse]:
    """All documented responses."""
    return [
        DocumentedResponse(row.route_key, *one)
        for row in introspection.routes()
        for one in sorted(documented_responses(row))
    ]


def general_responses() -> list[tuple[int, str]]:
    """The responses that any route may return and a test can provoke: status, outcome."""
    return TESTABLE_GENERAL_RESPONSES


def page(tests: Mapping[DocumentedResponse, str]) -> str:
    """The page's Markdown; `tests` maps a response to its test."""
    rows = [(f"`{one.call}`", f"{one.status} {one.outcome}", _test_cell(tests.get(one))) for one in tested_responses()]
    general_rows = [
        (f"{status} {outcome}", _test_cell(_first_test(tests, status, outcome)))
        for status, outcome in general_responses()
    ]
    tables = [
        introspection.markdown_table(("call", "answer", "test"), rows),
        _GENERAL_INTRO,
        introspection.markdown_table(("answer", "test"), general_rows),
    ]
    return "\n\n".join(["# Answers", introspection.NOTICE, _INTRO, *tables]) + "\n"


def rows_without_test(text: str) -> list[str]:
    """The page's rows without a test."""
    return [line for line in text.splitlines() if line.endswith(f"| {NO_TEST} |")]


def named_tests(text: str) -> set[tuple[str, str]]:
    """All tests on the page, as (file, function)."""
    return set(re.findall(r"\| (tests/\S+\.py)::(\w+)", text))


def read_recorded() -> dict[DocumentedResponse, str]:
    """Read the responses that the last complete run of the end-to-end tests recorded."""
    return {
        DocumentedResponse(*one): test
        for *one, test in json.loads((introspection.ROOT / RECORDED).read_text(encoding="utf-8"))
    }


def write_recorded(tests: Mapping[DocumentedResponse, str]) -> None:
    """Write the recorded responses for `make answers`."""
    (introspection.ROOT / RECORDED).parent.mkdir(exist_ok=True)
    text = json.dumps([[*cell, test] for cell, test in tests.items()], indent=1)
    (introspection.ROOT / RECORDED).write_text(text, encoding="utf-8")


def _first_test(tests: Mapping[DocumentedResponse, str], status: int, outcome: str) -> str | None:
    return min((test for cell, test in tests.items() if cell[1:] == (status, outcome)), default=None)


def _test_cell(name: str | None) -> str:
    return name or NO_TEST


if __name__ == "__main__":
    (introspection.ROOT / PAGE).write_text(page(read_recorded()), encoding="utf-8")
