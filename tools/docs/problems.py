"""docs/problems.md: every problem type, its meaning and the routes that return it."""

import json
from collections.abc import Sequence
from typing import Any

from common import problems
from common.api import IdempotencyKey, IfMatch, InternalError, RawRequest
from common.caller import RoleMissing
from common.conditional_requests import IfMatchRequired, StaleVersion
from common.json_body import BodyTooLarge
from common.pagination.tokens import InvalidPageToken
from common.problems import BadRequest, DomainError, NotFound, ServiceUnavailable, UnsupportedMediaType
from common.request import InvalidIdempotencyKey
from infra.topology import ROWS
from infra.topology_types import Access, Route
from tools.docs import introspection

# The problems that an injected parameter implies. A query alone is never a BadRequest: API Gateway repairs
# invalid UTF-8.
_IMPLIED_PROBLEMS: dict[Any, tuple[type[DomainError], ...]] = {
    IdempotencyKey: (InvalidIdempotencyKey,),
    IfMatch: (StaleVersion, IfMatchRequired),
    RawRequest: (BadRequest,),
}
ANY_ROUTE = "Any call."
_INTRO = """\
A refusal is an `application/problem+json` document (RFC 9457). Its `type` is `/problems/<slug>` and never changes;
`detail` is for people; `errors` points at wrong fields (RFC 6901); `request_id` names the request in our logs. Beside
these, the gateway answers for itself, in plain JSON `{"message": …}`: 401 and 403 of a call that needs a token, 413,
429 and 503."""


def route_problems(row: Route) -> list[type[DomainError]]:
    """All problems that the route may return: declared ones, and those implied by its parameters and access."""
    endpoint = introspection.endpoint(row)
    found: list[type[DomainError]] = [*endpoint.errors, ServiceUnavailable, InternalError]
    if row.route_key != "$default":
        found.append(problems.Unprocessable)
    if endpoint.body_parameter:
        found += [BadRequest, BodyTooLarge, UnsupportedMediaType]
    if "{" in row.path:
        found.append(NotFound)
    if row.access in (Access.ORGANISER, Access.ADMIN):
        found.append(RoleMissing)
    if "next_token" in endpoint.params.model_fields:
        found.append(InvalidPageToken)
    found += [one for injected in endpoint.injected.values() for one in _IMPLIED_PROBLEMS.get(injected, ())]
    return sorted(dict.fromkeys(found), key=lambda one: (one.status, one.slug()))


def problems_by_slug(rows: Sequence[Route]) -> dict[str, list[tuple[type[DomainError], Route]]]:
    """The classes and routes of every problem slug; several services may define a class of the same name."""
    found: dict[str, list[tuple[type[DomainError], Route]]] = {}
    for row in rows:
        for one in route_problems(row):
            found.setdefault(one.slug(), []).append((one, row))
    return dict(sorted(found.items()))


def all_problems_by_slug() -> dict[str, list[tuple[type[DomainError], Route]]]:
    """The problems of all documented routes and of `$default`."""
    return problems_by_slug(
        [*introspection.routes(), *(row for row in ROWS if isinstance(row, Route) and row.route_key == "$default")]
    )


def page() -> str:
    """The page's Markdown."""
    found = all_problems_by_slug()
    rows = [
        (f"[{slug}](#{slug})", str(occurrences[0][0].status), _meanings(occurrences)[0])
        for slug, occurrences in found.items()
    ]
    sections = [_section(slug, occurrences) for slug, occurrences in found.items()]
    return (
        "\n\n".join(
            [
                "# Problems",
                introspection.NOTICE,
                _INTRO,
                introspection.markdown_table(("type", "status", "meaning"), rows),
                *sections,
            ]
        )
        + "\n"
    )


def explanations_json() -> str:
    """The data of the problem pages that the gateway serves, as JSON: status, meaning, calls."""
    explanations = {
        slug: {
            "status": occurrences[0][0].status,
            "meaning": " / ".join(_meanings(occurrences)),
            "calls": _calls(occurrences),
        }
        for slug, occurrences in all_problems_by_slug().items()
    }
    return json.dumps(explanations, indent=1, ensure_ascii=False) + "\n"


def _section(slug: str, occurrences: list[tuple[type[DomainError], Route]]) -> str:
    calls = _calls(occurrences)
    call_list = ANY_ROUTE if calls == [ANY_ROUTE] else "\n".join(f"- `{call}`" for call in calls)
    return "\n\n".join(
        [f"## {slug}", f"**{occurrences[0][0].status}** · {' / '.join(_meanings(occurrences))}", call_list]
    )


def _calls(occurrences: list[tuple[type[DomainError], Route]]) -> list[str]:
    calls = sorted({row.route_key for _, row in occurrences})
    return [ANY_ROUTE] if len(calls) >= len(introspection.routes()) else calls


def _meanings(occurrences: list[tuple[type[DomainError], Route]]) -> list[str]:
    return list(dict.fromkeys(" ".join((one.__doc__ or "").split()) for one, _ in occurrences))
