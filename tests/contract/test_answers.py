"""docs/answers.md names tests that there are, and leaves no answer out."""

import re

from tools.docs import answers_page, read

PAGE = (read.ROOT / answers_page.PAGE).read_text(encoding="utf-8")


def test_every_test_that_the_page_names_is_there() -> None:
    named = answers_page.tests_named(PAGE)

    assert len(named) > 50
    for path, function in named:
        assert re.search(rf"^def {function}\(", (read.ROOT / path).read_text(encoding="utf-8"), re.MULTILINE), function


def test_no_answer_of_the_page_is_without_a_test() -> None:
    assert answers_page.empty(PAGE) == []


def test_an_answer_without_a_test_is_found() -> None:
    cell = answers_page.wanted()[0]

    assert f"| `{cell.call}` | {cell.status} {cell.word} | — |" in answers_page.empty(answers_page.page({}))
