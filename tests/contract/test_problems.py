"""Every problem type is documented and has one meaning."""

import ast
import re

import pytest

from common import problems
from common.problems import DomainError
from infra.topology import ROWS
from infra.topology_types import Route
from tools.docs import introspection
from tools.docs.problems import all_problems_by_slug, page, route_problems

PROBLEMS = all_problems_by_slug()


@pytest.mark.parametrize("slug", PROBLEMS)
def test_problem_has_its_own_docstring(slug: str) -> None:
    for one, _ in PROBLEMS[slug]:
        assert one.__doc__, one
        assert one.__doc__.strip().splitlines()[0].endswith((".", "`.")), one.__doc__
        assert one is problems.Unprocessable or one.__doc__ != one.__mro__[1].__doc__


@pytest.mark.parametrize("slug", PROBLEMS)
def test_problem_type_has_one_status_in_all_services(slug: str) -> None:
    assert len({one.status for one, _ in PROBLEMS[slug]}) == 1


SHARED = ("event-not-found", "event-type-not-found", "user-not-found")  # one class in each service that has the entity


@pytest.mark.parametrize("slug", PROBLEMS)
def test_slug_belongs_to_one_class(slug: str) -> None:
    classes = {one for one, _ in PROBLEMS[slug]}

    assert len(classes) == 1 or (slug in SHARED and {one.status for one in classes} == {404})


def test_idempotency_key_reused_has_one_meaning() -> None:
    assert len({one.title() for one, _ in PROBLEMS["idempotency-key-reused"]}) == 1


@pytest.mark.parametrize("slug", PROBLEMS)
def test_problem_members_never_hide_standard_members(slug: str) -> None:
    for one, _ in PROBLEMS[slug]:
        if one.__init__ is DomainError.__init__:
            document = one().to_document()
            assert (document["type"], document["status"]) == (f"/problems/{slug}", one.status)


@pytest.mark.parametrize("slug", PROBLEMS)
def test_slug_is_kebab_case_and_documented(slug: str) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", slug)
    assert f"\n## {slug}\n" in page()


def test_routes_declare_exactly_their_problems() -> None:
    slugs = {row.route_key: {one.slug() for one in route_problems(row)} for row in introspection.routes()}

    assert "role-missing" in slugs["POST /v1/categories"]
    assert "role-missing" not in slugs["GET /v1/events"]
    assert "invalid-idempotency-key" in slugs["POST /v1/events"]
    assert "invalid-idempotency-key" not in slugs["GET /v1/events"]
    assert "invalid-page-token" in slugs["GET /v1/events"]


def error_names(service: str) -> set[str]:
    """The exception classes that a service's errors module defines."""
    path = introspection.ROOT / "functions" / service / "core" / "errors.py"
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.exists() else ast.Module([], [])
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return {node.name for node in classes if "NamedTuple" not in map(ast.unparse, node.bases)}


@pytest.mark.parametrize("service", [one for one in introspection.services() if one != introspection.SANDBOX])
def test_every_service_error_is_declared_by_a_route(service: str) -> None:
    rows = [row for row in ROWS if isinstance(row, Route) and row.service == service]
    declared = {one.__name__ for row in rows for one in introspection.endpoint(row).errors}

    assert error_names(service) - declared == set()
