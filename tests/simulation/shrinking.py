"""From a schedule that ends badly to the smallest that ends as badly, and its story in words."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from tests.simulation.befallen import KINDS
from tests.simulation.guards import FAULTS
from tests.simulation.play import Plan, Verdict, play

_NAMES = {one.drill.fault: one.drill.name for one in FAULTS}
_LONG = re.compile(r"([0-9a-f]{8})[0-9a-f]{4,}\b|\b([0-9a-f]{8})(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LINE = re.compile(r" *([\d.]+) (?:(.+?): )?(.*)")
_READS = ("GetItem ", "BatchGetItem ", "Query ", "GetSecretValue ")
_ORDERS = 16  # draws in which a smaller schedule is tried
_ROUNDS = ("the clock", "the clock's poller")


def shrunk(first: Verdict) -> Verdict:
    """The smallest that still violates one of the same invariants: nothing more can be left out of it.

    Kinds of faults go first, then people, then the last of what went wrong, then any of it, then what people want.
    Whatever is left out changes all that is drawn after it, so a smaller schedule is tried in several orders.
    """
    same = first.broken - {"rest"} or first.broken  # whatever is wrong keeps the reconciler from coming to rest
    found: Verdict | None = first
    smallest = first
    while found:
        smallest = found
        found = next((tried for plan in _smaller(smallest) if (tried := play(plan)).broken & same), None)
    return smallest


def told(smallest: Verdict, first: Verdict) -> Iterator[str]:
    """Who came, what went wrong, and what happened then, for a reader."""
    plan = smallest.plan
    yield f"== seed {plan.seed}: make simulate SEEDS=1 FROM={plan.seed}"
    yield from (f"!! {_short(one)}" for one in smallest.violations)
    yield f"the smallest schedule that ends so has {_size(smallest)}; the first had {_size(first)}"
    yield from (f"   {one}" for one in (*plan.buyers, *plan.acts))
    yield from (f"   {name}: {_NAMES[name]}" for name in plan.faults)
    yield from story(smallest.story)


def story(lines: Iterable[str]) -> Iterator[str]:
    """Who did what, one line for all that one did in one go; what was only read is left out."""
    parts = [found.groups() for found in map(_LINE.fullmatch, lines) if found]
    for who, group in groupby(parts, key=lambda part: part[1]):
        done = list(group)
        deeds = [_short(_named(did)) for _, _, did in done if not did.startswith(_READS)]
        if deeds and who not in _ROUNDS:
            yield f"{float(done[0][0]):10.2f} {_short(who) + ': ' if who else ''}{' · '.join(deeds)}"


def _smaller(found: Verdict) -> Iterator[Plan]:
    for fewer in _fewer(found.plan):
        yield from (replace(fewer, order=order, most=None, spared=()) for order in range(_ORDERS))
    yield from _calmer(found)
    yield from _plainer(found.plan)


def _fewer(plan: Plan) -> Iterator[Plan]:
    for name in plan.faults:
        yield replace(plan, faults=tuple(one for one in plan.faults if one != name))
    for at in range(len(plan.buyers)):
        yield replace(plan, buyers=plan.buyers[:at] + plan.buyers[at + 1 :])
    for at in range(len(plan.acts)):
        yield replace(plan, acts=plan.acts[:at] + plan.acts[at + 1 :])


def _calmer(found: Verdict) -> Iterator[Plan]:
    """Less goes wrong: only the first half of it, or less than all by so many; then any one of it does not come."""
    plan = found.plan
    most = found.strokes if plan.most is None else min(plan.most, found.strokes)
    fewer = [0, most // 2, most - most // 4, most - 1]
    yield from (replace(plan, most=one) for one in dict.fromkeys(fewer) if 0 <= one < most)
    for at in range(most):
        if at not in plan.spared:
            yield replace(plan, most=most, spared=(*plan.spared, at))


def _plainer(plan: Plan) -> Iterator[Plan]:
    """People want less, and take no time."""
    for at, one in enumerate(plan.buyers):
        simple = replace(one, places=1, slow=0.0)
        for plain in dict.fromkeys((simple, replace(simple, way="pays"))):
            if plain != one and (plain.way == one.way or one.way != "pays"):
                yield replace(plan, buyers=(*plan.buyers[:at], plain, *plan.buyers[at + 1 :]))


def _size(verdict: Verdict) -> str:
    plan, times = verdict.plan, sum(count for name, count in verdict.fired.items() if name not in KINDS)
    people = f"{len(plan.buyers)} buyers, {len(plan.acts)} acts of the organiser"
    return f"{people}, {len(plan.faults)} kinds of faults, which struck {times} times"


def _named(did: str) -> str:
    name = did.removeprefix("** ")
    return f"** {name}, {_NAMES[name]}" if did.startswith("**") else did


def _short(text: str) -> str:
    return _LONG.sub(lambda found: (found[1] or found[2]) + "…", text)
