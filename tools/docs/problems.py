"""docs/problems.md: every refusal of the API, what it means and which calls give it."""

import json
from collections.abc import Sequence
from typing import Any

from common import problems
from common.api import IdempotencyKey, IfMatch, RawRequest, Unexpected
from common.body import TooLarge
from common.caller import RoleMissing
from common.cursor import BadToken
from common.problems import Busy, DomainError, Malformed, NotFound, Unsupported
from common.request import BadKey
from common.revision import Changed, RevisionMissing
from infra.topology import ROWS
from infra.vocabulary import Route, Who
from tools.docs import read

# What asking for it brings; a query alone is never malformed: the gateway mends what is no UTF-8.
_WITH: dict[Any, tuple[type[DomainError], ...]] = {
    IdempotencyKey: (BadKey,),
    IfMatch: (Changed, RevisionMissing),
    RawRequest: (Malformed,),
}
ANY = "Any call."
_INTRO = """\
A refusal is an `application/problem+json` document (RFC 9457). Its `type` is `/problems/<slug>` and never changes;
`detail` is for people; `errors` points at wrong fields (RFC 6901); `request_id` names the request in our logs. Beside
these, the gateway answers for itself, in plain JSON `{"message": …}`: 401 and 403 of a call that needs a token, 413,
429 and 503."""


def refusals(row: Route) -> list[type[DomainError]]:
    """Every problem that the call can answer: its own, and those that its form brings with it."""
    end = read.endpoint(row)
    found: list[type[DomainError]] = [*end.refuses, Busy, Unexpected]
    if row.call != "$default":
        found.append(problems.Invalid)
    if end.body:
        found += [Malformed, TooLarge, Unsupported]
    if "{" in row.path:
        found.append(NotFound)
    if row.who in (Who.ORGANISER, Who.ADMIN):
        found.append(RoleMissing)
    if "next_token" in end.params.model_fields:
        found.append(BadToken)
    found += [one for wanted in end.wants.values() for one in _WITH.get(wanted, ())]
    return sorted(dict.fromkeys(found), key=lambda one: (one.status, one.slug()))


def by_slug(rows: Sequence[Route]) -> dict[str, list[tuple[type[DomainError], Route]]]:
    """Every problem's classes (services name alike what is alike) and the calls that answer it."""
    found: dict[str, list[tuple[type[DomainError], Route]]] = {}
    for row in rows:
        for one in refusals(row):
            found.setdefault(one.slug(), []).append((one, row))
    return dict(sorted(found.items()))


def all_by_slug() -> dict[str, list[tuple[type[DomainError], Route]]]:
    """Those of the whole API and of what is no call of it."""
    return by_slug([*read.routes(), *(row for row in ROWS if isinstance(row, Route) and row.call == "$default")])


def page() -> str:
    """The whole file."""
    found = all_by_slug()
    rows = [(f"[{slug}](#{slug})", str(told[0][0].status), _meanings(told)[0]) for slug, told in found.items()]
    sections = [_section(slug, told) for slug, told in found.items()]
    return (
        "\n\n".join(["# Problems", read.NOTICE, _INTRO, read.table(("type", "status", "meaning"), rows), *sections])
        + "\n"
    )


def explained() -> str:
    """What the gateway shows of each, as JSON: status, meaning, calls."""
    shown = {
        slug: {"status": told[0][0].status, "meaning": " / ".join(_meanings(told)), "calls": _calls(told)}
        for slug, told in all_by_slug().items()
    }
    return json.dumps(shown, indent=1, ensure_ascii=False) + "\n"


def _section(slug: str, told: list[tuple[type[DomainError], Route]]) -> str:
    calls = _calls(told)
    shown = ANY if calls == [ANY] else "\n".join(f"- `{call}`" for call in calls)
    return "\n\n".join([f"## {slug}", f"**{told[0][0].status}** · {' / '.join(_meanings(told))}", shown])


def _calls(told: list[tuple[type[DomainError], Route]]) -> list[str]:
    calls = sorted({row.call for _, row in told})
    return [ANY] if len(calls) >= len(read.routes()) else calls


def _meanings(told: list[tuple[type[DomainError], Route]]) -> list[str]:
    return list(dict.fromkeys(" ".join((one.__doc__ or "").split()) for one, _ in told))
