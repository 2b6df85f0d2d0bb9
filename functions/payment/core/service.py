"""What booking tells of its payment: it is due, or due later than before."""

from datetime import datetime

from common import clock, ids, outbox
from common.bus.booking import BookingOrdered
from common.bus.payment import PaymentSucceeded
from common.outbox import entry
from common.store import Update
from payment.core import repository
from payment.core.model import Payment, State


def open_for(order: BookingOrdered) -> None:
    """Open the payment of a booking, once. Where nothing is due it has succeeded at once."""
    payment_id = ids.derive("payment", order.booking_id)
    moment = clock.iso(clock.now())
    due = {"status": State.PENDING, "method": "card"}
    free = {"status": State.SUCCEEDED, "method": "free", "succeeded_at": moment, "paid_at": moment}
    fixed = {
        "id": payment_id,
        "user_id": order.user_id,
        "booking_id": order.booking_id,
        "event_id": order.event_id,
        "items": [one.model_dump() for one in order.items],
        "prices": order.prices,
        "currency": order.currency,
        "pay_before": clock.iso(order.pay_before),
        "attempt": 0,
        "idempotency_key": f"{payment_id}:0",
        "refunded": 0,
        "refunds": [],
    }
    repository.put(fixed | (due if order.prices else free), [] if order.prices else [entry(PaymentSucceeded)])


def extend(booking_id: str, until: datetime) -> None:
    """The hold lasts longer: the timer that closes the payment reads its deadline from here.

    Neither message nor page asks for more: the provider's page lasts a day by itself, beyond any hold.
    What has ended by its old deadline stays so. Raises NotOpenYet.
    """

    def later(payment: Payment) -> Update | None:
        if payment.status is not State.PENDING or until <= payment.pay_before:
            return None
        return outbox.change(
            repository.TABLE,
            repository.key(payment.id),
            trigger="extend",
            actor="booking",
            sets={"pay_before": clock.iso(until)},
            condition="#version = :seen",
            values={"seen": payment.version},
        )

    repository.decide(repository.existing(booking_id).id, later)
