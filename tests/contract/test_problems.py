"""Every refusal is named, explained and of one meaning."""

import ast
import re

import pytest

from common import problems
from common.problems import DomainError
from infra.topology import ROWS
from infra.vocabulary import Route
from tools.docs import read
from tools.docs.problems import all_by_slug, page, refusals

KNOWN = all_by_slug()


@pytest.mark.parametrize("slug", KNOWN)
def test_a_problem_is_explained_in_its_own_sentence(slug: str) -> None:
    for one, _ in KNOWN[slug]:
        assert one.__doc__, one
        assert one.__doc__.strip().splitlines()[0].endswith((".", "`.")), one.__doc__
        assert one is problems.Invalid or one.__doc__ != one.__mro__[1].__doc__


@pytest.mark.parametrize("slug", KNOWN)
def test_one_type_has_one_status_whichever_service_answers_it(slug: str) -> None:
    assert len({one.status for one, _ in KNOWN[slug]}) == 1


def test_a_key_that_is_used_again_means_the_same_everywhere() -> None:
    assert len({one.title() for one, _ in KNOWN["key-reused"]}) == 1


@pytest.mark.parametrize("slug", KNOWN)
def test_a_problem_never_hides_the_members_that_every_problem_has(slug: str) -> None:
    for one, _ in KNOWN[slug]:
        if one.__init__ is DomainError.__init__:
            document = one().problem()
            assert (document["type"], document["status"]) == (f"/problems/{slug}", one.status)


@pytest.mark.parametrize("slug", KNOWN)
def test_a_slug_is_words_and_stands_on_the_page(slug: str) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", slug)
    assert f"\n## {slug}\n" in page()


def test_a_call_for_a_role_refuses_who_lacks_it_and_others_do_not() -> None:
    told = {row.call: {one.slug() for one in refusals(row)} for row in read.routes()}

    assert "role-missing" in told["POST /v1/categories"]
    assert "role-missing" not in told["GET /v1/events"]
    assert "bad-key" in told["POST /v1/events"]
    assert "bad-key" not in told["GET /v1/events"]
    assert "bad-token" in told["GET /v1/events"]


def errors_of(service: str) -> set[str]:
    """The classes that a service's errors module defines."""
    path = read.ROOT / "functions" / service / "core" / "errors.py"
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.exists() else ast.Module([], [])
    return {node.name for node in tree.body if isinstance(node, ast.ClassDef)}


@pytest.mark.parametrize("service", [one for one in read.services() if one != read.SANDBOX])
def test_every_error_of_a_service_is_declared_by_one_of_its_calls(service: str) -> None:
    rows = [row for row in ROWS if isinstance(row, Route) and row.service == service]
    declared = {one.__name__ for row in rows for one in read.endpoint(row).refuses}

    assert errors_of(service) - declared == set()
