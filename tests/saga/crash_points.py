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
from infra.vocabulary import Grant, Table, Timer, Trigger, publishes
from tests.saga.compare import without
from tests.saga.journeys import Journey
from tests.saga.overtaken import BACKSTOP, HONOURED_LATE, Overtaken, excused
from tests.saga.stage import Run, Stage
from tests.saga.visits import EVERYTHING
from tests.support.cloud import physical
from tests.support.deliveries import Call, Faults, Point, Process, When

# Who took a step, and after which request, differs where it is asked for anew: what became of it does not.
_TRACES = ("operation", "cause", "correlation")
MAILERS = {one.function for one in topology.ROWS if topology.SES in {getattr(may, "resource", None) for may in one.may}}
_HARMLESS = ("Get", "BatchGet", "Query", "GET", "Sign", "Invoke")

# Where the end may be another one, and why; everything else is compared.
EXCUSES: Mapping[str, tuple[Overtaken, ...]] = {
    "booking.expire_hold": (Overtaken("the payment's own end is first", {"bookings": ("logs",)}),),
    # Its message comes again when the back-stop has ended the hold.
    "payment.close_payment": (BACKSTOP, HONOURED_LATE),
    "sandbox.expire_session": (BACKSTOP,),  # of which payment then knows nothing
    "sandbox.submit_page": (
        Overtaken(
            "the button is pressed again, and the card is declined twice",
            {"sandbox": ("declines",), "payments": ("logs", "version", "outbox_version")},
            beside=(("payments", "event"),),
        ),
    ),
    "auth.request_reset": (
        Overtaken(
            "somebody asks twice, and gets two codes: each is good until one is used",
            {"auth": ("letters",)},
            beside=(("auth", "letter"), ("auth", "code")),
        ),
    ),
    "auth.change_password": (
        Overtaken(
            "whoever asks again with a password that is no more has failed once; letters have ids of their own",
            {"auth": ("failures",)},
            beside=(("auth", "letter"),),
        ),
    ),
    "auth.login": (
        Overtaken(
            "somebody logs in twice: of the first session nobody has the tokens", {}, beside=(("auth", "session"),)
        ),
    ),
    "ticket.update_ticket": (Overtaken("the same is written twice", {"tickets": ("logs", "version")}),),
    "ticket.reissue_ticket": (
        Overtaken(
            "somebody asks for a new code twice, and the second is the ticket's",
            {"tickets": ("serial", "latest_code", "qr_payload", "logs", "version", "outbox_version")},
            ("ticket_reissued",),
            (("tickets", "code"),),
        ),
    ),
}


# Rights that are no calls, and those of ways that no journey goes.
IMPLIED = {"ListBucket", "SendRawEmail"}
UNASKED = {
    ("payment.on_booking_failed", "GetSecretValue"): "a page is open while booking finds out that there is no room",
    ("sandbox.list_refunds", "PutItem test-sandbox"): "nobody looked at its session before",
    ("ticket.get_attendees_csv", "GetSecretValue"): "the list is longer than an answer",
}


@dataclass(frozen=True)
class Boundary:
    """A call of one of a function's runs, in a journey."""

    journey: Journey
    function: str
    woken: str
    nth: int
    call: int
    asked: str
    may: tuple[When, ...]

    def __str__(self) -> str:
        return f"{self.function} ({self.woken}; {self.journey}), call {self.call}: {self.asked}"


@contextmanager
def silence() -> Iterator[None]:
    """Within the block nothing is logged or counted: most of what happens there goes wrong."""
    level = log.logger.log_level
    log.logger.setLevel("CRITICAL")
    log.use(lambda _name, _value: None)
    try:
        yield
    finally:
        log.use()
        log.logger.setLevel(level)


def boundaries(stage: Stage, journeys: Sequence[Journey] = EVERYTHING) -> Iterator[Boundary]:
    """Each call of each run that differs from those before it."""
    known = set()
    for journey in journeys:
        for process in stage.undisturbed(journey).processes:
            calls = tuple(map(str, process.calls))
            if (process.function, process.woken, calls) not in known:
                known.add((process.function, process.woken, calls))
                yield from _of(journey, process)


def _of(journey: Journey, process: Process) -> Iterator[Boundary]:
    for at, call in enumerate(process.calls, start=1):
        named = (journey, process.function, process.woken, process.nth, at, str(call))
        yield Boundary(*named, tuple(When) if _changes(call) else (When.BEFORE, When.AFTER))


def _changes(call: Call) -> bool:
    """Whether the SDK, repeating it, might do something twice. Functions are asked once."""
    return call.wrote is not None and not call.operation.startswith(_HARMLESS)


def wrong(stage: Stage, at: Boundary, when: When) -> str | None:
    """What is wrong in the end if this goes wrong there."""
    undisturbed, faults = stage.undisturbed(at.journey), Faults(point=Point(at.function, at.nth, at.call, when))
    run = stage.walk(at.journey, faults)
    if faults.struck != 1:
        return "nothing happened"
    if run.dead:  # the last of its tries ended so: its queue's alarm calls an operator
        stage.saga.redrive()
        run = stage.run()
    return _unsound(run) or _mails(at, run, undisturbed) or _differs(at, run, undisturbed)


def _unsound(run: Run) -> str | None:
    return f"given up: {run.dead}" if run.dead else "; ".join(run.violations) or None


def _mails(at: Boundary, run: Run, undisturbed: Run) -> str | None:
    # A mail cannot be sent and noted at once: one may go out twice.
    more = run.mails - undisturbed.mails
    twice = at.function in EXCUSES or at.function in MAILERS
    return None if more == 0 or (twice and more == 1) else f"{more} more mails"


def _differs(at: Boundary, run: Run, undisturbed: Run) -> str | None:
    excuses = EXCUSES.get(at.function, ())
    mine, theirs = (without(one.plain, *_TRACES) for one in (run, undisturbed))
    if any(excused(mine, one) == excused(theirs, one) for one in excuses):
        return None
    tables = [name for name in mine if mine[name] != theirs[name]]
    return f"another end in {', '.join(tables)}" if tables else None


def rights(row: Trigger) -> set[str]:
    """All calls for which the row's function has a right."""
    granted = [one for one in row.may if isinstance(one, Grant)]
    found = {f"{action} {_named(one)}".strip() for one in granted for action in one.actions if action not in IMPLIED}
    found |= {"SendMessage"} if isinstance(row, Timer) else set()
    found |= {"PutEvents"} if publishes(row) else set()
    found |= {"GetQueueAttributes", "ReceiveMessage", "DeleteMessage"} if getattr(row, "sweeps", ()) else set()
    return found | ({"Invoke"} if row.calls else set())


def asked(stage: Stage, journeys: Sequence[Journey] = EVERYTHING) -> dict[str, set[str]]:
    """What each function calls in all its runs, as its rights are called."""
    found: dict[str, set[str]] = {}
    for journey in journeys:
        for process in stage.undisturbed(journey).processes:
            mine = found.setdefault(process.function, set())
            for call in process.calls:
                mine |= {f"{action} {table} {index or ''}".strip() for table, action, index in call.rights}
                mine |= set() if call.rights else {call.operation}
    return found


def _named(grant: Grant) -> str:
    return f"{physical(grant.resource)} {grant.index or ''}".strip() if isinstance(grant.resource, Table) else ""
