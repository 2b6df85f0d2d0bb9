"""Without a guard, something that goes wrong at a call ends otherwise."""

import pytest

from tests.saga.test_controls import Control, control
from tests.support.mutation import failures

_POINTS = "tests/saga/test_crash_points.py::test_whatever_goes_wrong_at_any_call_changes_nothing"
_TOLD_ONCE = (
    "functions/notify/core/repository.py",
    "followed=True), condition=NEW)",
    "followed=True))",
)

CONTROLS = (
    control(
        "HTTP: whoever repeats an order gets its answer",
        f"{_POINTS}[booking.create_booking]",
        ("functions/booking/core/service.py", "repository.find(claim.id) if claim.keyed else None", "None"),
    ),
    control(
        "HTTP: a key opens one account",
        f"{_POINTS}[auth.register]",
        (
            "functions/auth/core/registration.py",
            "    if earlier and claim.repeats(earlier) and passwords",
            "    if not earlier and passwords",
        ),
    ),
    control(
        "HTTP: an extension whose reply was lost is done",
        f"{_POINTS}[booking.extend_booking]",
        ("functions/booking/core/repository.py", "done = outbox.mine(failure)  # and", "done = None  # and"),
    ),
    control(
        "consumer: a payment that was answered is remembered",
        f"{_POINTS}[booking.on_payment_succeeded]",
        (
            "functions/booking/core/service.py",
            "    if booking.payment_id == payment_id:\n        return  # answered before\n",
            "",
        ),
        ("functions/booking/core/service.py", "    if booking.payment_id is None:\n", "    if True:\n"),
    ),
    control("consumer: each thing is told once", f"{_POINTS}[notify.on_booking_cancelled]", _TOLD_ONCE),
    control(
        "consumer: a refund is sent under one key",
        f"{_POINTS}[payment.on_refund_requested]",
        ("functions/payment/core/stripe_provider.py", '{"idempotency_key": key}', "{}"),
    ),
    control(
        "timer: a payment that is over is left alone",
        f"{_POINTS}[payment.close_payment]",
        (
            "functions/payment/core/closing.py",
            "    if payment.status is not State.PENDING:\n        return\n    if clock",
            "    if clock",
        ),
    ),
    control("stream: what is published twice is told once", f"{_POINTS}[cdc.publish_outbox]", _TOLD_ONCE),
    control("clock: what the reconciler says twice is told once", f"{_POINTS}[reconcile.make_round]", _TOLD_ONCE),
)


@pytest.mark.proof
@pytest.mark.parametrize("control", CONTROLS, ids=str)
def test_without_its_guard_something_goes_wrong(control: Control) -> None:
    failed, said = failures([control.node], *control.changes)

    assert failed == [control.node], f"nobody notices that it is missing: {control.guard}\n{said}"
