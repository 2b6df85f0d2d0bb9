"""Where a function's process can end: just before and just after each call that it makes, and what comes of it.

Functions are run by journeys. For each call of each different run the journey is walked
twice more: the process ends once before the call, and once when it is carried out and nobody has its answer.
What woke it comes again: the message, the records of the table, the timer, the clock, and clients repeat. Where
the call changes something, the journey is walked once more: the answer is lost, and the SDK makes the call again.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from common import log
from infra import topology
from infra.resource_types import Grant, Table
from infra.topology_types import DelayedEvent, FunctionSpec, puts_events
from tests.saga.alternative_outcomes import (
    BACKSTOP_CAME_FIRST,
    HONOURED_LATE,
    AlternativeOutcome,
    without_allowed_differences,
)
from tests.saga.auxiliary_journeys import ALL_JOURNEYS
from tests.saga.harness import Harness, RunResult
from tests.saga.journeys import Journey
from tests.saga.table_diff import without_attributes
from tests.support.faults.fault_points import CallSite, FaultPlan, FaultTiming, Invocation, ServiceCall
from tests.support.system.moto_resources import physical_name

# Who took a step, and after which request, differs where it is asked for anew: what became of it does not.
_CAUSE_ATTRIBUTES = ("operation", "cause", "correlation")
EMAIL_SENDERS = {
    one.function for one in topology.ROWS if topology.SES in {getattr(may, "resource", None) for may in one.grants}
}
_READ_PREFIXES = ("Get", "BatchGet", "Query", "GET", "Sign", "Invoke")

# Where the end may be another one, and why; everything else is compared.
ALTERNATIVES_BY_FUNCTION: Mapping[str, tuple[AlternativeOutcome, ...]] = {
    "booking.expire_hold_backstop": (AlternativeOutcome("the payment's own end is first", {"bookings": ("logs",)}),),
    # Its message comes again when the back-stop has ended the hold.
    "payment.close_payment": (BACKSTOP_CAME_FIRST, HONOURED_LATE),
    "sandbox.expire_session": (BACKSTOP_CAME_FIRST,),  # of which payment then knows nothing
    "sandbox.submit_checkout_page": (
        AlternativeOutcome(
            "the button is pressed again, and the card is declined twice",
            {"sandbox": ("declines",), "payments": ("logs", "version", "outbox_version")},
            extra_items=(("payments", "event"),),
        ),
    ),
    "auth.request_password_reset": (
        AlternativeOutcome(
            "somebody asks twice, and gets two codes: each is good until one is used",
            {"auth": ("email_requests",)},
            extra_items=(("auth", "email_request"), ("auth", "code")),
        ),
    ),
    "auth.change_password": (
        AlternativeOutcome(
            "whoever asks again with a password that is no more has failed once; letters have ids of their own",
            {"auth": ("failures",)},
            extra_items=(("auth", "email_request"),),
        ),
    ),
    "auth.login": (
        AlternativeOutcome(
            "somebody logs in twice: of the first session nobody has the tokens", {}, extra_items=(("auth", "session"),)
        ),
    ),
    "ticket.update_ticket": (AlternativeOutcome("the same is written twice", {"tickets": ("logs", "version")}),),
    "ticket.reissue_ticket": (
        AlternativeOutcome(
            "somebody asks for a new code twice, and the second is the ticket's",
            {"tickets": ("serial", "latest_code", "qr_payload", "logs", "version", "outbox_version")},
            ("ticket_reissued",),
            (("tickets", "code"),),
        ),
    ),
}


# Rights that are no calls, and those of ways that no journey goes.
IMPLIED_ACTIONS = {"ListBucket", "SendRawEmail"}
UNREACHED_CALLS = {
    ("sandbox.list_refunds", "PutItem test-sandbox"): "nobody looked at its session before",
    ("ticket.get_attendees_csv", "GetSecretValue"): "the list is longer than an answer",
}


@dataclass(frozen=True)
class CallBoundary:
    """A call of one of a function's runs, in a journey."""

    journey: Journey
    function: str
    trigger: str
    run: int
    call: int
    description: str
    timings: tuple[FaultTiming, ...]

    def __str__(self) -> str:
        return f"{self.function} ({self.trigger}; {self.journey}), call {self.call}: {self.description}"


@contextmanager
def silence_logs() -> Iterator[None]:
    """Within the block nothing is logged or counted: most of what happens there goes wrong."""
    level = log.logger.log_level
    log.logger.setLevel("CRITICAL")
    log.use(lambda _name, _value: None)
    try:
        yield
    finally:
        log.use()
        log.logger.setLevel(level)


def call_boundaries(harness: Harness, journeys: Sequence[Journey] = ALL_JOURNEYS) -> Iterator[CallBoundary]:
    """Each call of each run that differs from those before it."""
    seen = set()
    for journey in journeys:
        for invocation in harness.baseline(journey).invocations:
            calls = tuple(map(str, invocation.calls))
            if (invocation.function, invocation.trigger, calls) not in seen:
                seen.add((invocation.function, invocation.trigger, calls))
                yield from _boundaries_of(journey, invocation)


def _boundaries_of(journey: Journey, invocation: Invocation) -> Iterator[CallBoundary]:
    for at, call in enumerate(invocation.calls, start=1):
        named = (journey, invocation.function, invocation.trigger, invocation.run, at, str(call))
        yield CallBoundary(
            *named, tuple(FaultTiming) if _changes_state(call) else (FaultTiming.BEFORE, FaultTiming.AFTER)
        )


def _changes_state(call: ServiceCall) -> bool:
    """Whether the SDK, repeating it, might do something twice. Functions are asked once."""
    return call.written_items is not None and not call.operation.startswith(_READ_PREFIXES)


def check_fault(harness: Harness, boundary: CallBoundary, timing: FaultTiming) -> str | None:
    """What is wrong in the end if this goes wrong there."""
    baseline, faults = (
        harness.baseline(boundary.journey),
        FaultPlan(call_site=CallSite(boundary.function, boundary.run, boundary.call, timing)),
    )
    result = harness.run_journey(boundary.journey, faults)
    if faults.fault_count != 1:
        return "nothing happened"
    if result.dead_letters:  # the last of its tries ended so: its queue's alarm calls an operator
        harness.saga.redrive()
        result = harness.result()
    return (
        _check_invariants(result)
        or _check_mails(boundary, result, baseline)
        or _check_tables(boundary, result, baseline)
    )


def _check_invariants(result: RunResult) -> str | None:
    return f"given up: {result.dead_letters}" if result.dead_letters else "; ".join(result.violations) or None


def _check_mails(boundary: CallBoundary, result: RunResult, baseline: RunResult) -> str | None:
    # A mail cannot be sent and noted at once: one may go out twice.
    extra = result.mails - baseline.mails
    may_repeat = boundary.function in ALTERNATIVES_BY_FUNCTION or boundary.function in EMAIL_SENDERS
    return None if extra == 0 or (may_repeat and extra == 1) else f"{extra} more mails"


def _check_tables(boundary: CallBoundary, result: RunResult, baseline: RunResult) -> str | None:
    alternatives = ALTERNATIVES_BY_FUNCTION.get(boundary.function, ())
    actual, expected = (without_attributes(one.normalised_tables, *_CAUSE_ATTRIBUTES) for one in (result, baseline))
    if any(
        without_allowed_differences(actual, one) == without_allowed_differences(expected, one) for one in alternatives
    ):
        return None
    tables = [name for name in actual if actual[name] != expected[name]]
    return f"another end in {', '.join(tables)}" if tables else None


def granted_calls(row: FunctionSpec) -> set[str]:
    """All calls for which the row's function has a right."""
    granted = [one for one in row.grants if isinstance(one, Grant)]
    found = {
        f"{action} {_table_and_index(one)}".strip()
        for one in granted
        for action in one.actions
        if action not in IMPLIED_ACTIONS
    }
    found |= {"SendMessage"} if isinstance(row, DelayedEvent) else set()
    found |= {"PutEvents"} if puts_events(row) else set()
    found |= {"GetQueueAttributes", "ReceiveMessage", "DeleteMessage"} if getattr(row, "purges_dlq_of", ()) else set()
    return found | ({"Invoke"} if row.invokes else set())


def calls_made(harness: Harness, journeys: Sequence[Journey] = ALL_JOURNEYS) -> dict[str, set[str]]:
    """What each function calls in all its runs, as its rights are called."""
    found: dict[str, set[str]] = {}
    for journey in journeys:
        for invocation in harness.baseline(journey).invocations:
            calls = found.setdefault(invocation.function, set())
            for call in invocation.calls:
                calls |= {f"{action} {table} {index or ''}".strip() for table, action, index in call.table_accesses}
                calls |= set() if call.table_accesses else {call.operation}
    return found


def _table_and_index(grant: Grant) -> str:
    return f"{physical_name(grant.resource)} {grant.index or ''}".strip() if isinstance(grant.resource, Table) else ""
