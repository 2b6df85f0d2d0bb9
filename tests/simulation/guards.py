"""The faults of the list, each with its drill and with the guard that makes it harmless.

Taken out of a copy of the sources, the guard is missed: the same schedules end badly. Where two guards answer one
fault, named with a semicolon between them, both are taken out, for either of them is enough.
"""

from dataclasses import dataclass

from tests.simulation.drills import Drill
from tests.simulation.people import Act
from tests.support.mutation import Change

BOOKING, PAYMENT, TICKET = "functions/booking/core", "functions/payment/core", "functions/ticket/core"
COMMON, NOTIFY = "layers/common", "functions/notify/core"
PAYS, GIVES_BACK = ("pays",), ("gives back", "pays")
_NEW = ', condition="attribute_not_exists(#pk)"'


@dataclass(frozen=True)
class Guarded:
    """A fault's drill, the guard that answers it, and what takes the guard out."""

    drill: Drill
    guard: str
    breaks: str  # the invariant that is violated without it
    changes: tuple[Change, ...]


def guarded(drill: Drill, guard: str, breaks: str, *changes: tuple[str, str, str]) -> Guarded:
    return Guarded(drill, guard, breaks, tuple(Change(*one) for one in changes))


def part_of(show: str) -> tuple[Act, ...]:
    """The organiser gives back parts of what was paid, twice over."""
    return (Act("refunds parts of", show, 40.0),)


FAULTS = (
    guarded(
        Drill("F1", "a message comes twice"),
        "tickets are made once",
        "I8",
        (f"{TICKET}/issues.py", "TicketPending, State.PENDING), condition=NEW)", "TicketPending, State.PENDING))"),
        (f"{TICKET}/issues.py", "Put(TABLE, _ticket(one), condition=NEW)", "Put(TABLE, _ticket(one))"),
    ),
    guarded(
        Drill("F2", "messages overtake each other", ways=("gives back",), rate=0.4),
        "a cancellation that comes before its tickets is remembered",
        "I11",
        (f"{TICKET}/service.py", "    if issues.is_cancelled(new.booking_id):\n", "    if not new.booking_id:\n"),
    ),
    guarded(
        Drill("F3", "what a write was to tell is lost", mended=True),
        "the reconciler has told again what was lost",
        "I12",
        (
            "functions/reconcile/core/mending.py",
            "        for part in _parts(images):\n",
            "        for part in _parts(()):\n",
        ),
    ),
    guarded(
        Drill("F4", "a message comes days late", ways=PAYS, rate=0.2),
        "money that comes to light when its hold is over is answered",
        "I11",
        (f"{BOOKING}/service.py", "    if booking.payment_id is None:\n", "    if not booking:\n"),
    ),
    guarded(
        Drill("F5", "one message of a batch fails"),
        "the message that failed is named, and comes again",
        "I14",
        (f"{COMMON}/consumer.py", "        return dict(answer)\n", '        return {"batchItemFailures": []}\n'),
    ),
    guarded(
        Drill("F6", "a message that nobody can read"),
        "what cannot be read is set aside, not let go",
        "I15",
        (
            f"{COMMON}/consumer.py",
            "        message = self._read(record)\n",
            '        if "detail" not in record.body:\n            return\n        message = self._read(record)\n',
        ),
    ),
    guarded(
        Drill("F7", "a function dies after a write", ways=PAYS, rate=0.1, schedules=20),
        "an issue that was begun is gone on with",
        "I12",
        (f"{TICKET}/issues.py", 'return State(failure.old[0]["status"])', "return State.CREATED"),
    ),
    guarded(
        Drill(
            "F8", "a function dies after the provider has answered", ways=("abandons", "cancels at checkout"), rate=0.9
        ),
        "a page whose address is not known is found by its attempt's key, and closed",
        "I12",
        (f"{PAYMENT}/closing.py", "    if not payment.begun:\n", "    if not payment.checkout:\n"),
    ),
    guarded(
        Drill("F9", "the provider acts and its answer is lost", ways=GIVES_BACK, acts=part_of("gala")),
        "a refund has one key at the provider, however often it is asked for",
        "I11",
        (f"{PAYMENT}/model.py", ":refund:{refund.id}", ":refund:{__import__('uuid').uuid4()}"),
    ),
    guarded(
        Drill("F10", "the provider is broken or busy", ways=GIVES_BACK),
        "an answer that says nothing is no refusal: it is asked again",
        "I11",
        (
            f"{PAYMENT}/stripe_provider.py",
            "raise Unreachable(str(none)) from none",
            "raise Declined(str(none)) from none",
        ),
    ),
    guarded(
        Drill("F11", "the money is told of before its page is known", ways=("abandons",), rate=1.0),
        "the webhook finds its payment by its id; when the time is up, the provider is believed",
        "I11",
        (
            f"{PAYMENT}/intake.py",
            "subject is None or payment is None:",
            "subject is None or not payment or not payment.checkout:",
        ),
        (
            f"{PAYMENT}/closing.py",
            "return provider.current().close(checkout.session_id).money",
            "return None if provider.current().close(checkout.session_id) else None",
        ),
    ),
    guarded(
        Drill("F12", "a webhook comes twice and once with other words", ways=GIVES_BACK, rate=1.0),
        "an event of the provider is heard once, by its id; money that is known already moves nothing",
        "I14",
        (f"{PAYMENT}/intake.py", f"Put(repository.TABLE, item{_NEW})", "Put(repository.TABLE, item)"),
        (
            f"{PAYMENT}/takings.py",
            "    if not LIFECYCLE.allows(payment.status, Trigger.SUCCEED):\n        return None\n",
            "",
        ),
    ),
    guarded(
        Drill(
            "F13", "webhooks overtake each other", ways=("pays at the last moment", "cancels while paying"), rate=1.0
        ),
        "money that is known already moves nothing",
        "I14",
        (
            f"{PAYMENT}/takings.py",
            "    if not LIFECYCLE.allows(payment.status, Trigger.SUCCEED):\n        return None\n",
            "",
        ),
    ),
    guarded(
        Drill("F14", "a webhook never comes", ways=("pays late", "pays"), mended=True),
        "the reconciler asks the provider of payments that ended unpaid",
        "I11",
        ("functions/reconcile/core/judging.py", '("PENDING", "FAILED", "CANCELLED")', '("PENDING",)'),
    ),
    guarded(
        Drill("F15", "money comes when its booking is over", ways=("pays late",), acts=(), show="solo", every=65.0),
        "places are retaken only where there are any",
        "I1",
        (
            f"{BOOKING}/stock.py",
            '"#available >= :qty AND #terms_version = :version", terms',
            '"#terms_version = :version", terms',
        ),
    ),
    guarded(
        Drill("F16", "tickets cannot be made", ways=PAYS, rate=0.95),
        "a booking without tickets is undone",
        "I11",
        (
            f"{BOOKING}/ending.py",
            "    end(booking_id, Trigger.REVOKE,",
            "    booking_id or end(booking_id, Trigger.REVOKE,",
        ),
    ),
    guarded(
        Drill("F17", "the end of a hold meets its payment", ways=("pays at the last moment",), tick=0.5),
        "of two that end a hold the second loses its condition",
        "I3",
        (
            f"{COMMON}/outbox.py",
            'f"#status IN ({\', \'.join(\':\' + name for name in sources)})" + (f" AND {also}" if also else "")',
            '"attribute_exists(#pk)"',
        ),
    ),
    guarded(
        Drill("F18", "the provider sends no money back for a while", ways=GIVES_BACK),
        "a refund without an answer is no refund that was refused: it is asked for again",
        "I11",
        (
            f"{PAYMENT}/refunds.py",
            "    except Declined:\n        if repository",
            "    except (Declined, provider.Unreachable):\n        if repository",
        ),
    ),
    guarded(
        Drill(
            "F19",
            "money is asked back more than once",
            ways=PAYS,
            acts=(Act("refunds all of", "gala", 40.0), Act("refunds all of", "solo", 40.0)),
        ),
        "what was asked back is not left to ask for",
        "I5",
        (f"{PAYMENT}/model.py", "self.prices - self.refunded - asked", "self.prices - self.refunded"),
    ),
    guarded(
        Drill(
            "F20",
            "an event is cancelled while it is paid for",
            acts=(Act("cancels", "gala", 20.0), Act("cancels", "solo", 20.0)),
            schedules=20,
        ),
        "held places of a cancelled event are called off, too; no ticket is made for it",
        "I16",
        (f"{BOOKING}/cancellation.py", "if booking.status not in TAKING:", "if booking.status is not State.CONFIRMED:"),
        (f"{TICKET}/service.py", "    elif _event_is_cancelled(new.event_id):", "    elif not new.event_id:"),
    ),
    guarded(
        Drill(
            "F21",
            "capacity is lowered below what is sold",
            ways=PAYS,
            acts=(Act("takes places from", "solo", 35.0), Act("takes places from", "gala", 35.0)),
        ),
        "the number is compared before the write; and again in its condition",
        "I1",
        (f"{BOOKING}/capacity.py", "        if capacity < before - available:\n", "        if capacity < 0:\n"),
        (
            f"{BOOKING}/stock.py",
            '"#capacity = :before AND #available >= :fewer"',
            '"#capacity = :before AND :fewer = :fewer"',
        ),
    ),
    guarded(
        Drill("F22", "clocks are minutes wrong", ways=PAYS, acts=part_of("gala"), rate=0.7),
        "what is newer is told by versions, not by clocks",
        "I17",
        (
            f"{BOOKING}/ending.py",
            "return payment.refunded if payment.version > booking.refunded_as_of",
            "return max(payment.refunded, booking.refunded) if payment.occurred_at > booking.updated_at",
        ),
    ),
    guarded(
        Drill("F23", "tables throttle"),
        "whoever asks is told to come again, and nothing is half done",
        "answer",
        (f"{COMMON}/patience.py", '    "ProvisionedThroughputExceededException",\n', ""),
    ),
    guarded(
        Drill("F24", "transactions meet"),
        "a transaction that met another is tried again; whoever asked is told to come again",
        "answer",
        (f"{COMMON}/store.py", "        except Conflicted:\n", "        except ZeroDivisionError:\n"),
        (f"{COMMON}/patience.py", "isinstance(error, NotNow | Unconnected | HTTPClientError)", "False"),
    ),
    guarded(
        Drill(
            "F25", "a write is done and its reply lost", ways=PAYS, acts=(*part_of("gala"), *part_of("solo")), rate=0.3
        ),
        "a refund that was written is known by its id",
        "I5",
        (f"{PAYMENT}/granting.py", "        if known:\n", "        if known and not known:\n"),
    ),
    guarded(
        Drill("F26", "the stream gives records again"),
        "what is told again has the id that it had",
        "I13",
        (f"{COMMON}/outbox.py", "return ids.derive(event.source,", "return ids.new() and ids.derive(ids.new(),"),
    ),
    guarded(
        Drill("F27", "what was handled is put back weeks later", ways=GIVES_BACK, acts=part_of("gala"), rate=0.5),
        "a refund that was answered is not asked for again; the provider is asked where its key may be forgotten",
        "I11",
        (
            f"{PAYMENT}/refunds.py",
            "if not payment or not refund or refund.status != PENDING:",
            "if not payment or not refund:",
        ),
        (f"{PAYMENT}/refunds.py", "    return provider.current().has_refunded(money, key)\n", "    return False\n"),
    ),
    guarded(
        Drill("F28", "the bus cannot reach a queue", rate=0.3),
        "a timer whose payment is not open yet waits for it",
        "I12",
        (
            f"{PAYMENT}/closing.py",
            "    payment = payment or repository.existing(order.booking_id)\n",
            "    if payment is None:\n        return\n",
        ),
    ),
    guarded(
        Drill("F29", "the bus refuses an entry"),
        "entries that failed come again, with all that follow",
        "I11",
        (
            "functions/cdc/core/relay.py",
            "{one.record for one, code in codes if code and code not in _CONTENT}",
            "set()",
        ),
    ),
    guarded(
        Drill(
            "F30",
            "an index has not heard yet",
            ways=PAYS,
            acts=(Act("cancels", "gala", 5.0), Act("cancels", "solo", 4.0)),
            every=1.5,
            rate=1.0,
            schedules=20,
        ),
        "an index is gone through until it shows nothing more; no ticket is made for a cancelled event",
        "I16",
        (
            f"{BOOKING}/cancellation.py",
            'elif now["cancelled"] > now["before"] or begun["pass_at"] == begun["started_at"]:',
            "elif False:",
        ),
        (f"{TICKET}/service.py", "    elif _event_is_cancelled(new.event_id):", "    elif not new.event_id:"),
    ),
    guarded(
        Drill("F31", "an order comes again days later", rate=1.0),
        "an order's answer is looked for before it is refused",
        "person",
        (f"{BOOKING}/service.py", "repository.find(claim.id) if claim.keyed else None", "None"),
    ),
    guarded(
        Drill("F32", "two instances have one message", ways=PAYS, rate=0.3, tick=0.05, schedules=20),
        "a booking is counted once, by the condition of its mark",
        "I17",
        (
            f"{BOOKING}/tally.py",
            'older = "attribute_not_exists(#seen) OR #seen < :version"',
            'older = ":version = :version"',
        ),
    ),
    guarded(
        Drill("F33", "a client repeats its call", ways=("pays", "cancels", "comes"), rate=0.4),
        "an order's key gives its booking one id",
        "person",
        (f"{COMMON}/idempotency.py", "ids.derive(kind, owner, key) if key else ids.new()", "ids.new()"),
    ),
    guarded(
        Drill("F34", "the webhook's secret is replaced", ways=PAYS, rate=1.0),
        "while it is replaced, the secret before is taken, too",
        "I14",
        (f"{PAYMENT}/notice.py", '*filter(None, [known.get("previous_webhook_secret")])', ""),
    ),
)
