"""Every documented answer was got by one of the tests before: what this run heard is what docs/answers.md says."""

from tests.support.answers import Heard
from tools.docs import answers_page, read


def test_every_documented_answer_was_heard_over_http_and_is_on_the_page(heard: Heard) -> None:
    answers_page.leave(heard.first())
    page = answers_page.page(heard.first())

    assert answers_page.empty(page) == []
    committed = (read.ROOT / answers_page.PAGE).read_text(encoding="utf-8")
    assert committed == page, "docs/answers.md is out of date: run make answers and commit it"


def test_an_answer_that_nobody_heard_leaves_an_empty_row(heard: Heard) -> None:
    tests = dict(heard.first())
    missed = answers_page.wanted()[0]
    del tests[missed]

    row = f"| `{missed.call}` | {missed.status} {missed.word} | — |"
    assert row in answers_page.empty(answers_page.page(tests))


def test_a_call_whose_tests_are_owed_has_answers_that_nobody_heard(heard: Heard) -> None:
    missed = {one.call for one in answers_page.everything() if one not in heard.tests}

    assert set(answers_page.OWED) == missed
