"""Where a function's process can end: just before and just after each call that it makes, and what comes of it.

Functions are run by journeys. For each call of each different run the journey is walked
twice more: the process ends once before the call, and once when it is carried out and nobody has its answer.
What woke it comes again: the message, the records of the table, the timer, the clock, and clients repeat.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.saga.compare import without
from tests.saga.journeys import ALONE, Journey
from tests.saga.overtaken import BACKSTOP, HONOURED_LATE, Overtaken, excused
from tests.saga.stage import Run, Stage
from tests.support.deliveries import Faults, Point, Process

# Who took a step, and after which request, differs where it is asked for anew: what became of it does not.
_TRACES = ("operation", "cause", "correlation")
_MAILERS = ("SendEmail",)

# Where the end may be another one, and why; everything else is compared.
EXCUSES: Mapping[str, tuple[Overtaken, ...]] = {
    # Its message comes again when the back-stop has ended the hold.
    "payment.close_payment": (BACKSTOP, HONOURED_LATE),
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


@dataclass(frozen=True)
class Boundary:
    """A call of one of a function's runs, in a journey."""

    journey: Journey
    function: str
    woken: str
    nth: int
    call: int
    asked: str

    def __str__(self) -> str:
        return f"{self.function} ({self.woken}; {self.journey}), call {self.call}: {self.asked}"


def boundaries(stage: Stage, journeys: Sequence[Journey] = ALONE) -> Iterator[Boundary]:
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
        yield Boundary(journey, process.function, process.woken, process.nth, at, str(call))


def wrong(stage: Stage, at: Boundary, *, after: bool) -> str | None:
    """What is wrong in the end if the process ends there."""
    undisturbed, faults = stage.undisturbed(at.journey), Faults(death=Point(at.function, at.nth, at.call, after))
    run = stage.walk(at.journey, faults)
    if faults.died != 1:
        return "nobody died"
    if run.dead:  # the last of its tries ended so: its queue's alarm calls an operator
        stage.saga.redrive()
        run = stage.run()
    return _unsound(run) or _mails(run, undisturbed) or _differs(run, undisturbed, EXCUSES.get(at.function, ()))


def _unsound(run: Run) -> str | None:
    return f"given up: {run.dead}" if run.dead else "; ".join(run.violations) or None


def _mails(run: Run, undisturbed: Run) -> str | None:
    # A mail cannot be taken back, nor sent and noted at once: one may go out twice.
    more = run.mails - undisturbed.mails
    return None if more in (0, 1) else f"{more} more mails"


def _differs(run: Run, undisturbed: Run, excuses: Sequence[Overtaken]) -> str | None:
    mine, theirs = (without(one.plain, *_TRACES) for one in (run, undisturbed))
    if any(excused(mine, one) == excused(theirs, one) for one in excuses):
        return None
    tables = [name for name in mine if mine[name] != theirs[name]]
    return f"another end in {', '.join(tables)}" if tables else None
