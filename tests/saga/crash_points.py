"""Crash points: a function's process can end before or after each of its calls.

Journeys run the functions. For each call of each distinct run, the journey runs twice more: the process crashes
once before the call, and once after the call is committed and before its response arrives. Then the trigger retries:
SQS redelivers the message, the stream its records, the timer or schedule fires again, the client repeats its request.
For a call that changes state the journey runs a third time: the response is lost and the SDK retries the call.
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

# A retry may change the actor and the request of a step, not its result.
_CAUSE_ATTRIBUTES = ("operation", "cause", "correlation")
EMAIL_SENDERS = {
    row.function for row in topology.ROWS if topology.SES in {getattr(grant, "resource", None) for grant in row.grants}
}
_READ_PREFIXES = ("Get", "BatchGet", "Query", "GET", "Sign", "Invoke")

# Functions whose retry may change the final tables, and why; everything else is compared.
ALTERNATIVES_BY_FUNCTION: Mapping[str, tuple[AlternativeOutcome, ...]] = {
    "booking.expire_hold_backstop": (AlternativeOutcome("the payment ends first", {"bookings": ("logs",)}),),
    # Its message is redelivered after the back-stop has expired the hold.
    "payment.close_payment": (BACKSTOP_CAME_FIRST, HONOURED_LATE),
    "sandbox.expire_session": (BACKSTOP_CAME_FIRST,),  # payment does not receive its webhook in time
    "sandbox.submit_checkout_page": (
        AlternativeOutcome(
            "the form is submitted again, and the card is declined twice",
            {"sandbox": ("declines",), "payments": ("logs", "version", "outbox_version")},
            extra_items=(("payments", "event"),),
        ),
    ),
    "auth.request_password_reset": (
        AlternativeOutcome(
            "two requests send two codes; both are valid until one is used",
            {"auth": ("email_requests",)},
            extra_items=(("auth", "email_request"), ("auth", "code")),
        ),
    ),
    "auth.change_password": (
        AlternativeOutcome(
            "the retry with the replaced password counts as a failed attempt; each e-mail request has its own id",
            {"auth": ("failures",)},
            extra_items=(("auth", "email_request"),),
        ),
    ),
    "auth.login": (
        AlternativeOutcome(
            "the retry opens a second session; the tokens of the first are lost",
            {},
            extra_items=(("auth", "session"),),
        ),
    ),
    "ticket.update_ticket": (
        AlternativeOutcome("the retry writes the same details again", {"tickets": ("logs", "version")}),
    ),
    "ticket.reissue_ticket": (
        AlternativeOutcome(
            "the retry issues a second new code, which is the valid one",
            {"tickets": ("serial", "latest_code", "qr_payload", "logs", "version", "outbox_version")},
            ("ticket_reissued",),
            (("tickets", "code"),),
        ),
    ),
}


# Granted actions that are not calls, and granted calls that no journey makes.
IMPLIED_ACTIONS = {"ListBucket", "SendRawEmail"}
UNREACHED_CALLS = {
    ("sandbox.list_refunds", "PutItem test-sandbox"): "only for a session that was not read before",
    ("ticket.get_attendees_csv", "GetSecretValue"): "only for a list that exceeds one response",
}


@dataclass(frozen=True)
class CallBoundary:
    """The n-th call (`call`) of a function's n-th run (`run`) in a journey, both from 1."""

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
    """Disable logs and metrics within the block: injected faults cause most of them."""
    level = log.logger.log_level
    log.logger.setLevel("CRITICAL")
    log.use(lambda _name, _value: None)
    try:
        yield
    finally:
        log.use()
        log.logger.setLevel(level)


def call_boundaries(harness: Harness, journeys: Sequence[Journey] = ALL_JOURNEYS) -> Iterator[CallBoundary]:
    """Each call of each distinct run: a function, its trigger, and the sequence of its calls."""
    known_runs = set()
    for journey in journeys:
        for invocation in harness.baseline(journey).invocations:
            calls = tuple(map(str, invocation.calls))
            if (invocation.function, invocation.trigger, calls) not in known_runs:
                known_runs.add((invocation.function, invocation.trigger, calls))
                yield from _boundaries_of(journey, invocation)


def _boundaries_of(journey: Journey, invocation: Invocation) -> Iterator[CallBoundary]:
    for number, call in enumerate(invocation.calls, start=1):
        timings = tuple(FaultTiming) if _changes_state(call) else (FaultTiming.BEFORE, FaultTiming.AFTER)
        yield CallBoundary(journey, invocation.function, invocation.trigger, invocation.run, number, str(call), timings)


def _changes_state(call: ServiceCall) -> bool:
    """Whether an SDK retry of the call could repeat a change. Invocations are not retried."""
    return call.written_items is not None and not call.operation.startswith(_READ_PREFIXES)


def check_fault(harness: Harness, boundary: CallBoundary, timing: FaultTiming) -> str | None:
    """Inject the fault; returns the first deviation from the baseline, or None."""
    baseline, faults = (
        harness.baseline(boundary.journey),
        FaultPlan(call_site=CallSite(boundary.function, boundary.run, boundary.call, timing)),
    )
    result = harness.run_journey(boundary.journey, faults)
    if faults.fault_count != 1:
        return "the fault did not fire"
    if result.dead_letters:  # the fault hit the last try: an operator redrives after the alarm
        harness.saga.redrive()
        result = harness.result()
    return (
        _check_invariants(result)
        or _check_mails(boundary, result, baseline)
        or _check_tables(boundary, result, baseline)
    )


def _check_invariants(result: RunResult) -> str | None:
    return f"dead letters: {result.dead_letters}" if result.dead_letters else "; ".join(result.violations) or None


def _check_mails(boundary: CallBoundary, result: RunResult, baseline: RunResult) -> str | None:
    # Sending an e-mail and recording it is not atomic: one e-mail may be sent twice.
    extra = result.mails - baseline.mails
    may_repeat = boundary.function in ALTERNATIVES_BY_FUNCTION or boundary.function in EMAIL_SENDERS
    return None if extra == 0 or (may_repeat and extra == 1) else f"{extra} additional e-mails"


def _check_tables(boundary: CallBoundary, result: RunResult, baseline: RunResult) -> str | None:
    alternatives = ALTERNATIVES_BY_FUNCTION.get(boundary.function, ())
    actual, expected = (without_attributes(one.normalised_tables, *_CAUSE_ATTRIBUTES) for one in (result, baseline))
    if any(
        without_allowed_differences(actual, alternative) == without_allowed_differences(expected, alternative)
        for alternative in alternatives
    ):
        return None
    tables = [name for name in actual if actual[name] != expected[name]]
    return f"different final items in {', '.join(tables)}" if tables else None


def granted_calls(row: FunctionSpec) -> set[str]:
    """All calls that the row's grants allow its function, as `action table index`."""
    grants = [grant for grant in row.grants if isinstance(grant, Grant)]
    calls = {
        f"{action} {_table_and_index(grant)}".strip()
        for grant in grants
        for action in grant.actions
        if action not in IMPLIED_ACTIONS
    }
    calls |= {"SendMessage"} if isinstance(row, DelayedEvent) else set()
    calls |= {"PutEvents"} if puts_events(row) else set()
    calls |= {"GetQueueAttributes", "ReceiveMessage", "DeleteMessage"} if getattr(row, "purges_dlq_of", ()) else set()
    return calls | ({"Invoke"} if row.invokes else set())


def actual_calls(harness: Harness, journeys: Sequence[Journey] = ALL_JOURNEYS) -> dict[str, set[str]]:
    """The calls of each function in all its runs, named as by `granted_calls`."""
    by_function: dict[str, set[str]] = {}
    for journey in journeys:
        for invocation in harness.baseline(journey).invocations:
            calls = by_function.setdefault(invocation.function, set())
            for call in invocation.calls:
                calls |= {f"{action} {table} {index or ''}".strip() for table, action, index in call.table_accesses}
                calls |= set() if call.table_accesses else {call.operation}
    return by_function


def _table_and_index(grant: Grant) -> str:
    return f"{physical_name(grant.resource)} {grant.index or ''}".strip() if isinstance(grant.resource, Table) else ""
