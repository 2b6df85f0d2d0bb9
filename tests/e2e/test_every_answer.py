"""Every documented response was received by an earlier test: docs/answers.md equals this run."""

from tests.support.fixtures.answers import ResponseRecorder
from tools.docs import answers_page, introspection


def test_every_documented_response_was_received(recorder: ResponseRecorder) -> None:
    answers_page.write_recorded(recorder.first_tests())
    page = answers_page.page(recorder.first_tests())

    assert answers_page.rows_without_test(page) == []
    committed = (introspection.ROOT / answers_page.PAGE).read_text(encoding="utf-8")
    assert committed == page, "docs/answers.md is out of date: run make answers and commit it"


def test_unreceived_response_leaves_empty_row(recorder: ResponseRecorder) -> None:
    tests = dict(recorder.first_tests())
    unreceived = answers_page.tested_responses()[0]
    del tests[unreceived]

    row = f"| `{unreceived.call}` | {unreceived.status} {unreceived.outcome} | — |"
    assert row in answers_page.rows_without_test(answers_page.page(tests))


def test_untested_routes_list_is_exact(recorder: ResponseRecorder) -> None:
    unreceived = {one.call for one in answers_page.all_responses() if one not in recorder.tests}

    assert set(answers_page.UNTESTED_ROUTES) == unreceived
