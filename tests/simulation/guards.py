"""Each fault with its forced schedules and the guard that handles it.

On a copy of the sources without the guard, the same schedules end with a violation. Two guards of one fault, separated
by a semicolon, are removed together, because either suffices.
"""

from dataclasses import dataclass

from tests.simulation.actors import OrganiserAction
from tests.simulation.forced_faults import ForcedFault
from tests.support.faults.source_patches import SourcePatch

BOOKING, PAYMENT, TICKET = "functions/booking/core", "functions/payment/core", "functions/ticket/core"
COMMON, NOTIFY = "layers/common", "functions/notify/core"
BEHAVIOUR_PAYS, BEHAVIOURS_REFUND = ("pays",), ("gets a refund", "pays")
_NEW_ITEM_CONDITION = ', condition="attribute_not_exists(#pk)"'


@dataclass(frozen=True)
class FaultCase:
    """A fault's schedules, its guard, and the patches that remove the guard."""

    forced_fault: ForcedFault
    guard: str
    broken_invariant: str  # violated without the guard
    patches: tuple[SourcePatch, ...]


def fault_case(
    forced_fault: ForcedFault, guard: str, broken_invariant: str, *patches: tuple[str, str, str]
) -> FaultCase:
    return FaultCase(forced_fault, guard, broken_invariant, tuple(SourcePatch(*one) for one in patches))


def partial_refund(event: str) -> tuple[OrganiserAction, ...]:
    """The organiser refunds part of every payment, twice."""
    return (OrganiserAction("refunds parts of", event, 40.0),)


FAULT_CASES = (
    fault_case(
        ForcedFault("F1", "a message is delivered twice"),
        "tickets are issued once",
        "I8",
        (f"{TICKET}/issuance.py", "TicketPending, State.PENDING), condition=IS_NEW)", "TicketPending, State.PENDING))"),
        (f"{TICKET}/issuance.py", "Put(TABLE, _new_ticket(one), condition=IS_NEW)", "Put(TABLE, _new_ticket(one))"),
    ),
    fault_case(
        ForcedFault("F2", "messages are reordered", behaviours=("gets a refund",), rate=0.4),
        "a cancellation received before the tickets exist is remembered",
        "I11",
        (
            f"{TICKET}/issuance.py",
            "    if is_booking_cancelled(issuance.booking_id):\n",
            "    if not issuance.booking_id:\n",
        ),
    ),
    fault_case(
        ForcedFault("F3", "a stream record is lost", reconciles=True),
        "the reconciler republishes lost events",
        "I12",
        (
            "functions/reconcile/core/repair.py",
            "        for batch in _batches(images):\n",
            "        for batch in _batches(()):\n",
        ),
    ),
    fault_case(
        ForcedFault("F4", "a message arrives days late", behaviours=BEHAVIOUR_PAYS, rate=0.2),
        "a payment of an expired hold is applied or refunded",
        "I11",
        (f"{BOOKING}/holds.py", "    if booking.payment_id is None:\n", "    if not booking:\n"),
    ),
    fault_case(
        ForcedFault("F5", "one message of a batch fails"),
        "the failed message is reported and retried",
        "I14",
        (f"{COMMON}/consumer.py", "        return dict(response)\n", '        return {"batchItemFailures": []}\n'),
    ),
    fault_case(
        ForcedFault("F6", "a message is unreadable"),
        "an unreadable message becomes a dead letter",
        "I15",
        (
            f"{COMMON}/consumer.py",
            "        message = self._read(record)\n",
            '        if "detail" not in record.body:\n            return\n        message = self._read(record)\n',
        ),
    ),
    fault_case(
        ForcedFault("F7", "a function crashes after a write", behaviours=BEHAVIOUR_PAYS, rate=0.1, schedules=20),
        "a started issuance is continued",
        "I12",
        (f"{TICKET}/issuance.py", 'return State(failure.old_items[0]["status"])', "return State.CREATED"),
    ),
    fault_case(
        ForcedFault(
            "F8",
            "a function crashes after the provider's response",
            behaviours=("abandons", "cancels at checkout"),
            rate=0.9,
        ),
        "an unsaved checkout is found by its attempt's key and expired",
        "I12",
        (f"{PAYMENT}/lifecycle.py", "    if not payment.has_open_attempt:\n", "    if not payment.checkout:\n"),
    ),
    fault_case(
        ForcedFault(
            "F9",
            "the provider's response is lost",
            behaviours=BEHAVIOURS_REFUND,
            organiser_actions=partial_refund("gala"),
        ),
        "all tries of a refund use one idempotency key",
        "I11",
        (f"{PAYMENT}/model.py", ":refund:{refund.id}", ":refund:{__import__('uuid').uuid4()}"),
    ),
    fault_case(
        ForcedFault("F10", "the provider fails or throttles", behaviours=BEHAVIOURS_REFUND),
        "an error without an outcome is retried, not treated as rejected",
        "I11",
        (
            f"{PAYMENT}/providers/stripe.py",
            "raise ProviderUnreachable(str(error)) from error",
            "raise ProviderRejected(str(error)) from error",
        ),
    ),
    fault_case(
        ForcedFault("F11", "the webhook comes before the checkout is saved", behaviours=("abandons",), rate=1.0),
        "the webhook finds its payment by id; at the deadline the provider's outcome is applied",
        "I11",
        (
            f"{PAYMENT}/webhook.py",
            "stripe_object is None or payment is None:",
            "stripe_object is None or not payment or not payment.checkout:",
        ),
        (
            f"{PAYMENT}/lifecycle.py",
            "return registry.get_provider().expire_checkout(checkout.session_id).captured",
            "return None if registry.get_provider().expire_checkout(checkout.session_id) else None",
        ),
    ),
    fault_case(
        ForcedFault("F12", "a webhook is repeated with different content", behaviours=BEHAVIOURS_REFUND, rate=1.0),
        "a provider event is applied once, by its id; a known capture changes nothing",
        "I14",
        (f"{PAYMENT}/webhook.py", f"Put(repository.TABLE, item{_NEW_ITEM_CONDITION})", "Put(repository.TABLE, item)"),
        (
            f"{PAYMENT}/settlement.py",
            "    if not LIFECYCLE.allows(payment.status, Trigger.SUCCEED):\n        return None\n",
            "",
        ),
    ),
    fault_case(
        ForcedFault(
            "F13",
            "webhooks are reordered",
            behaviours=("pays at the last moment", "cancels while paying"),
            rate=1.0,
        ),
        "a known capture changes nothing",
        "I14",
        (
            f"{PAYMENT}/settlement.py",
            "    if not LIFECYCLE.allows(payment.status, Trigger.SUCCEED):\n        return None\n",
            "",
        ),
    ),
    fault_case(
        ForcedFault("F14", "a webhook is lost", behaviours=("pays late", "pays"), reconciles=True),
        "the reconciler syncs payments that ended unpaid",
        "I11",
        ("functions/reconcile/core/evaluation.py", '("PENDING", "FAILED", "CANCELLED")', '("PENDING",)'),
    ),
    fault_case(
        ForcedFault(
            "F15",
            "a payment arrives after its booking ended",
            behaviours=("pays late",),
            organiser_actions=(),
            event="solo",
            interval_seconds=65.0,
        ),
        "places are reacquired only if they are available",
        "I1",
        (
            f"{BOOKING}/inventory.py",
            '"#available >= :qty AND #terms_version = :version", terms',
            '"#terms_version = :version", terms',
        ),
    ),
    fault_case(
        ForcedFault("F16", "tickets cannot be issued", behaviours=BEHAVIOUR_PAYS, rate=0.95),
        "a booking without tickets is revoked",
        "I11",
        (
            f"{BOOKING}/release.py",
            "    end_booking(booking_id, Trigger.REVOKE,",
            "    booking_id or end_booking(booking_id, Trigger.REVOKE,",
        ),
    ),
    fault_case(
        ForcedFault(
            "F17", "a hold expires during its payment", behaviours=("pays at the last moment",), call_seconds=0.5
        ),
        "the second of two transitions fails its condition",
        "I3",
        (
            f"{COMMON}/outbox.py",
            """f"#status IN ({', '.join(':' + name for name in sources)})" + (
        f" AND {extra_condition}" if extra_condition else ""
    )""",
            '"attribute_exists(#pk)"',
        ),
    ),
    fault_case(
        ForcedFault("F18", "the provider temporarily cannot refund", behaviours=BEHAVIOURS_REFUND),
        "a refund without an outcome is retried, not treated as rejected",
        "I11",
        (
            f"{PAYMENT}/refunds.py",
            "    except ProviderRejected:\n        if repository",
            "    except (ProviderRejected, ProviderUnreachable):\n        if repository",
        ),
        (
            f"{PAYMENT}/refunds.py",
            "import KEY_LIFETIME, ProviderRejected\n",
            "import KEY_LIFETIME, ProviderRejected, ProviderUnreachable\n",
        ),
    ),
    fault_case(
        ForcedFault(
            "F19",
            "refunds are requested repeatedly",
            behaviours=BEHAVIOUR_PAYS,
            organiser_actions=(
                OrganiserAction("refunds all of", "gala", 40.0),
                OrganiserAction("refunds all of", "solo", 40.0),
            ),
        ),
        "pending refunds reduce the refundable amount",
        "I5",
        (f"{PAYMENT}/model.py", "self.prices - self.refunded - pending", "self.prices - self.refunded"),
    ),
    fault_case(
        ForcedFault(
            "F20",
            "an event is cancelled during checkout",
            organiser_actions=(OrganiserAction("cancels", "gala", 20.0), OrganiserAction("cancels", "solo", 20.0)),
            schedules=20,
        ),
        "holds of a cancelled event are cancelled, too; no tickets are issued for it",
        "I16",
        (
            f"{BOOKING}/event_cancellation.py",
            "if booking.status not in HOLDING_STATES:",
            "if booking.status is not State.CONFIRMED:",
        ),
        (
            f"{TICKET}/issuance.py",
            "    elif _event_is_cancelled(issuance.event_id):",
            "    elif not issuance.event_id:",
        ),
    ),
    fault_case(
        ForcedFault(
            "F21",
            "capacity is set below the sold places",
            behaviours=BEHAVIOUR_PAYS,
            organiser_actions=(
                OrganiserAction("takes places from", "solo", 35.0),
                OrganiserAction("takes places from", "gala", 35.0),
            ),
        ),
        "the capacity is checked before the write; its condition checks it again",
        "I1",
        (f"{BOOKING}/capacity.py", "        if capacity < before - available:\n", "        if capacity < 0:\n"),
        (
            f"{BOOKING}/inventory.py",
            '"#capacity = :before AND #available >= :fewer"',
            '"#capacity = :before AND :fewer = :fewer"',
        ),
    ),
    fault_case(
        ForcedFault(
            "F22",
            "clocks are off by minutes",
            behaviours=BEHAVIOUR_PAYS,
            organiser_actions=partial_refund("gala"),
            rate=0.7,
        ),
        "refund totals are ordered by version, not by clock",
        "I17",
        (
            f"{BOOKING}/release.py",
            "return payment.refunded if payment.version > booking.refunded_as_of",
            "return max(payment.refunded, booking.refunded) if payment.occurred_at > booking.updated_at",
        ),
    ),
    fault_case(
        ForcedFault("F23", "tables throttle"),
        "a throttled request fails with 503 and leaves no partial state",
        "response",
        (f"{COMMON}/retries.py", '    "ProvisionedThroughputExceededException",\n', ""),
    ),
    fault_case(
        ForcedFault("F24", "transactions conflict"),
        "a conflicting transaction is retried; after the last try the response is 503",
        "response",
        (f"{COMMON}/store.py", "        except TransactionConflict:\n", "        except ZeroDivisionError:\n"),
        (f"{COMMON}/retries.py", "isinstance(error, Contention | Unconnected | HTTPClientError)", "False"),
    ),
    fault_case(
        ForcedFault(
            "F25",
            "a write's response is lost",
            behaviours=BEHAVIOUR_PAYS,
            organiser_actions=(*partial_refund("gala"), *partial_refund("solo")),
            rate=0.3,
        ),
        "a stored refund is found by its id",
        "I5",
        (f"{PAYMENT}/refunds.py", "        if existing:\n", "        if existing and not existing:\n"),
    ),
    fault_case(
        ForcedFault("F26", "the stream repeats records"),
        "a republished event keeps its id",
        "I13",
        (f"{COMMON}/outbox.py", "return ids.derive(event.source,", "return ids.new() and ids.derive(ids.new(),"),
    ),
    fault_case(
        ForcedFault(
            "F27",
            "handled messages are redriven weeks later",
            behaviours=BEHAVIOURS_REFUND,
            organiser_actions=partial_refund("gala"),
            rate=0.5,
        ),
        "a settled refund is not sent again; an old one is looked up at the provider first",
        "I11",
        (
            f"{PAYMENT}/refunds.py",
            "if not payment or not refund or refund.status != REFUND_PENDING:",
            "if not payment or not refund:",
        ),
        (
            f"{PAYMENT}/refunds.py",
            "    return registry.get_provider().has_refunded(captured, key)\n",
            "    return False\n",
        ),
    ),
    fault_case(
        ForcedFault("F28", "the bus temporarily cannot reach a queue", rate=0.3),
        "a timer retries until its payment exists",
        "I12",
        (
            f"{PAYMENT}/lifecycle.py",
            "    payment = payment or repository.get_by_booking(order.booking_id)\n",
            "    if payment is None:\n        return\n",
        ),
    ),
    fault_case(
        ForcedFault("F29", "the bus rejects an entry"),
        "rejected entries and all later ones are retried",
        "I11",
        (
            "functions/cdc/core/relay.py",
            "{entry.sequence_number for entry, code in results if code and code not in _PERMANENT_ERRORS}",
            "set()",
        ),
    ),
    fault_case(
        ForcedFault(
            "F30",
            "an index is stale",
            behaviours=BEHAVIOUR_PAYS,
            organiser_actions=(OrganiserAction("cancels", "gala", 5.0), OrganiserAction("cancels", "solo", 4.0)),
            interval_seconds=1.5,
            rate=1.0,
            schedules=20,
        ),
        "the index is read until a full pass finds nothing; no tickets are issued for a cancelled event",
        "I16",
        (
            f"{BOOKING}/event_cancellation.py",
            'elif current["cancelled"] > current["before"] or progress["pass_at"] == progress["started_at"]:',
            "elif False:",
        ),
        (
            f"{TICKET}/issuance.py",
            "    elif _event_is_cancelled(issuance.event_id):",
            "    elif not issuance.event_id:",
        ),
    ),
    fault_case(
        ForcedFault("F31", "an order is repeated days later", rate=1.0),
        "a repeated order is found before it is validated",
        "actor",
        (f"{BOOKING}/holds.py", "repository.find(idempotency.id) if idempotency.has_key else None", "None"),
    ),
    fault_case(
        ForcedFault(
            "F32",
            "two instances handle one message",
            behaviours=BEHAVIOUR_PAYS,
            rate=0.3,
            call_seconds=0.05,
            schedules=20,
        ),
        "the condition on its marker counts a booking once",
        "I17",
        (
            f"{BOOKING}/availability.py",
            'older = "attribute_not_exists(#seen) OR #seen < :version"',
            'older = ":version = :version"',
        ),
    ),
    fault_case(
        ForcedFault("F33", "a client repeats its request", behaviours=("pays", "cancels", "checks in"), rate=0.4),
        "the idempotency key determines the booking's id",
        "actor",
        (f"{COMMON}/idempotency.py", "ids.derive(kind, owner, key) if key else ids.new()", "ids.new()"),
    ),
    fault_case(
        ForcedFault("F34", "the webhook secret is rotated", behaviours=BEHAVIOUR_PAYS, rate=1.0),
        "the previous webhook secret is accepted during a rotation",
        "I14",
        (f"{PAYMENT}/webhook.py", '*filter(None, [secret.get("previous_webhook_secret")])', ""),
    ),
)
