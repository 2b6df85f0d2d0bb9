"""docs/answers.md names existing tests and covers every documented response."""

import re

from tools.docs import answers_page, introspection

PAGE = (introspection.ROOT / answers_page.PAGE).read_text(encoding="utf-8")


def test_every_test_named_on_the_page_exists() -> None:
    named = answers_page.named_tests(PAGE)

    assert len(named) > 50
    for path, function in named:
        assert re.search(
            rf"^def {function}\(", (introspection.ROOT / path).read_text(encoding="utf-8"), re.MULTILINE
        ), function


def test_every_documented_response_has_a_test() -> None:
    assert answers_page.rows_without_test(PAGE) == []


def test_response_without_a_test_is_detected() -> None:
    cell = answers_page.tested_responses()[0]

    assert f"| `{cell.call}` | {cell.status} {cell.outcome} | — |" in answers_page.rows_without_test(
        answers_page.page({})
    )
