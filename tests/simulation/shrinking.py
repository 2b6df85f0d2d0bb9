"""Shrink a failing schedule to the smallest that violates the same invariant, and explain it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from tests.simulation.emergent_faults import EMERGENT_FAULTS
from tests.simulation.guards import FAULT_CASES
from tests.simulation.runner import Plan, Verdict, run_plan

_FAULT_NAMES = {one.forced_fault.fault: one.forced_fault.name for one in FAULT_CASES}
_LONG_ID = re.compile(r"([0-9a-f]{8})[0-9a-f]{4,}\b|\b([0-9a-f]{8})(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TRACE_LINE = re.compile(r" *([\d.]+) (?:(.+?): )?(.*)")
_READ_OPERATIONS = ("GetItem ", "BatchGetItem ", "Query ", "GetSecretValue ")
_ORDERS_TRIED = 16  # interleavings in which a smaller schedule is tried
_RECONCILER_TASKS = ("the scheduler",)


def shrink(first: Verdict) -> Verdict:
    """The smallest schedule that still violates one of the same invariants: no smaller plan of it fails.

    It removes kinds of faults first, then actors, then the last faults, then single faults; then it simplifies buyers.
    Each change alters all later draws, so a smaller schedule is tried in several interleavings.
    """
    # Any violation keeps the reconciler from becoming idle.
    same = first.broken_invariants - {"idle"} or first.broken_invariants
    found: Verdict | None = first
    smallest = first
    while found:
        smallest = found
        found = next(
            (verdict for plan in _smaller_plans(smallest) if (verdict := run_plan(plan)).broken_invariants & same), None
        )
    return smallest


def explain(smallest: Verdict, first: Verdict) -> Iterator[str]:
    """The violations, the actors, the faults, and the trace, as lines of text."""
    plan = smallest.plan
    yield f"== seed {plan.seed}: make simulate SEEDS=1 FROM={plan.seed}"
    yield from (f"!! {_shorten_ids(one)}" for one in smallest.violations)
    yield f"the smallest failing schedule has {_size(smallest)}; the first had {_size(first)}"
    yield from (f"   {one}" for one in (*plan.buyers, *plan.organiser_actions))
    yield from (f"   {name}: {_FAULT_NAMES[name]}" for name in plan.faults)
    yield from condense_trace(smallest.trace)


def condense_trace(lines: Iterable[str]) -> Iterator[str]:
    """The trace without reads, with consecutive steps of one task joined in a line."""
    parts = [found.groups() for found in map(_TRACE_LINE.fullmatch, lines) if found]
    for task_name, group in groupby(parts, key=lambda part: part[1]):
        steps = list(group)
        actions = [
            _shorten_ids(_name_fault(action)) for _, _, action in steps if not action.startswith(_READ_OPERATIONS)
        ]
        if actions and task_name not in _RECONCILER_TASKS:
            prefix = f"{_shorten_ids(task_name)}: " if task_name else ""
            yield f"{float(steps[0][0]):10.2f} {prefix}{' · '.join(actions)}"


def _smaller_plans(found: Verdict) -> Iterator[Plan]:
    for reduced in _without_one_part(found.plan):
        yield from (replace(reduced, order=order, max_faults=None, skipped=()) for order in range(_ORDERS_TRIED))
    yield from _with_fewer_faults(found)
    yield from _with_simpler_buyers(found.plan)


def _without_one_part(plan: Plan) -> Iterator[Plan]:
    for name in plan.faults:
        yield replace(plan, faults=tuple(one for one in plan.faults if one != name))
    for at in range(len(plan.buyers)):
        yield replace(plan, buyers=plan.buyers[:at] + plan.buyers[at + 1 :])
    for at in range(len(plan.organiser_actions)):
        yield replace(plan, organiser_actions=plan.organiser_actions[:at] + plan.organiser_actions[at + 1 :])


def _with_fewer_faults(found: Verdict) -> Iterator[Plan]:
    """Only the first faults; then all but one."""
    plan = found.plan
    most = found.fault_count if plan.max_faults is None else min(plan.max_faults, found.fault_count)
    fewer = [0, most // 2, most - most // 4, most - 1]
    yield from (replace(plan, max_faults=one) for one in dict.fromkeys(fewer) if 0 <= one < most)
    for at in range(most):
        if at not in plan.skipped:
            yield replace(plan, max_faults=most, skipped=(*plan.skipped, at))


def _with_simpler_buyers(plan: Plan) -> Iterator[Plan]:
    """Buyers order one place without pauses; then they only pay."""
    for at, one in enumerate(plan.buyers):
        simple = replace(one, places=1, max_pause_seconds=0.0)
        for candidate in dict.fromkeys((simple, replace(simple, behaviour="pays"))):
            if candidate != one and (candidate.behaviour == one.behaviour or one.behaviour != "pays"):
                yield replace(plan, buyers=(*plan.buyers[:at], candidate, *plan.buyers[at + 1 :]))


def _size(verdict: Verdict) -> str:
    plan, times = verdict.plan, sum(count for name, count in verdict.fired.items() if name not in EMERGENT_FAULTS)
    actors = f"{len(plan.buyers)} buyers, {len(plan.organiser_actions)} organiser actions"
    return f"{actors}, {len(plan.faults)} kinds of faults, which fired {times} times"


def _name_fault(action: str) -> str:
    name = action.removeprefix("** ")
    return f"** {name}, {_FAULT_NAMES[name]}" if action.startswith("**") else action


def _shorten_ids(text: str) -> str:
    return _LONG_ID.sub(lambda found: (found[1] or found[2]) + "…", text)
