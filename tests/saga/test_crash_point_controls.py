"""Each guard is needed: without it, a fault at some call changes the final state."""

import pytest

from tests.saga.test_controls import Control, control
from tests.support.faults.source_patches import failing_tests, patched_sources

_POINTS = "tests/saga/test_crash_points.py::test_fault_at_any_call_changes_nothing"
_NOTIFIED_ONCE = (
    "functions/notify/core/repository.py",
    "Put(TABLE, item, condition=IS_NEW)",
    "Put(TABLE, item)",
)

CONTROLS = (
    control(
        "HTTP: a repeated order gets its first response",
        f"{_POINTS}[booking.create_booking]",
        ("functions/booking/core/holds.py", "repository.find(idempotency.id) if idempotency.has_key else None", "None"),
    ),
    control(
        "HTTP: a key registers one account",
        f"{_POINTS}[auth.register]",
        (
            "functions/auth/core/registration.py",
            "    if earlier and idempotent_request.is_replay_of(earlier) and passwords",
            "    if not earlier and passwords",
        ),
    ),
    control(
        "HTTP: an extension whose response was lost succeeds",
        f"{_POINTS}[booking.extend_booking]",
        (
            "functions/booking/core/repository.py",
            "stored = outbox.own_write(failure)  # written",
            "stored = None  # written",
        ),
    ),
    control(
        "consumer: an applied payment is remembered",
        f"{_POINTS}[booking.on_payment_succeeded]",
        (
            "functions/booking/core/holds.py",
            "    if booking.payment_id == payment_id:\n        return  # already applied\n",
            "",
        ),
        ("functions/booking/core/holds.py", "    if booking.payment_id is None:\n", "    if True:\n"),
    ),
    control("consumer: a notification is created once", f"{_POINTS}[notify.on_booking_cancelled]", _NOTIFIED_ONCE),
    control(
        "consumer: a refund is sent under one key",
        f"{_POINTS}[payment.on_refund_requested]",
        ("functions/payment/core/providers/stripe.py", '{"idempotency_key": key}', "{}"),
    ),
    control(
        "timer: an ended payment is unchanged",
        f"{_POINTS}[payment.close_payment]",
        (
            "functions/payment/core/lifecycle.py",
            "    if payment.status is not State.PENDING:\n        return\n    if clock",
            "    if clock",
        ),
    ),
    control("stream: an event published twice notifies once", f"{_POINTS}[cdc.publish_outbox]", _NOTIFIED_ONCE),
    control(
        "schedule: an event republished twice notifies once", f"{_POINTS}[reconcile.run_reconciliation]", _NOTIFIED_ONCE
    ),
)


EVERY_CONTROL = pytest.mark.parametrize("control", CONTROLS, ids=str)


@EVERY_CONTROL
def test_control_patch_applies(control: Control) -> None:
    with patched_sources(*control.patches):
        assert control.patches


@pytest.mark.proof
@EVERY_CONTROL
def test_crash_point_fails_without_guard(control: Control) -> None:
    failed, output = failing_tests([control.node], *control.patches)

    assert failed == [control.node], f"no test fails without the guard: {control.guard}\n{output}"
