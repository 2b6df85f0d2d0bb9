"""Each guard of the saga is needed: a saga test fails on a copy of the sources without it."""

from dataclasses import dataclass

import pytest

from tests.support.faults.source_patches import SourcePatch, failing_tests

_FAULTS = "tests/saga/test_faults.py::test_"
REDELIVERY = f"{_FAULTS}late_redelivery_changes_nothing"
PAIRS = f"{_FAULTS}message_pairs_of_one_consumer_commute"
RACE = "tests/saga/test_paths.py::test_concurrent_delivery_answers_once"
EXPIRED = "tests/saga/test_paths.py::test_expired_hold_releases_places[hold_expired]"
NEW = "attribute_not_exists(#pk)"


@dataclass(frozen=True)
class Control:
    """A guard, the patches that remove it, and the test that must fail."""

    guard: str
    node: str
    patches: tuple[SourcePatch, ...]

    def __str__(self) -> str:
        return self.guard.replace(" ", "-")


def control(guard: str, node: str, *patches: tuple[str, str, str]) -> Control:
    return Control(guard, node, tuple(SourcePatch(*one) for one in patches))


CONTROLS = (
    control(
        "a payment is applied once",
        f"{RACE}[late payment when sold out]",
        ("functions/booking/core/repository.py", '        extra_condition="attribute_not_exists(#payment_id)",\n', ""),
    ),
    control(
        "a transition requires its source states",
        f"{RACE}[expired hold]",
        (
            "layers/common/outbox.py",
            """f"#status IN ({', '.join(':' + name for name in sources)})" + (
        f" AND {extra_condition}" if extra_condition else ""
    )""",
            '"attribute_exists(#pk)"',
        ),
    ),
    control(
        "an ended booking does not end again",
        f"{REDELIVERY}[hold_expired]",
        (
            "functions/booking/core/release.py",
            "    if not LIFECYCLE.allows(booking.status, trigger):\n        return\n",
            "",
        ),
    ),
    control(
        "an applied payment is remembered",
        f"{REDELIVERY}[paid_before_deadline]",
        (
            "functions/booking/core/holds.py",
            "    if booking.payment_id == payment_id:\n        return  # already applied\n",
            "",
        ),
        ("functions/booking/core/holds.py", "    if booking.payment_id is None:\n", "    if True:\n"),
    ),
    control(
        "places and limit are released together",
        EXPIRED,
        (
            "functions/booking/core/repository.py",
            "releases = [inventory.restore_limit(booking), ",
            "releases = [",
        ),
    ),
    control(
        "a payment is opened once",
        f"{REDELIVERY}[paid_before_deadline]",
        ("functions/payment/core/repository.py", f'Put(TABLE, item, condition="{NEW}")', "Put(TABLE, item)"),
    ),
    control(
        "tickets are issued once",
        f"{REDELIVERY}[ticket_checked_in]",
        (
            "functions/ticket/core/issuance.py",
            "TicketPending, State.PENDING), condition=IS_NEW)",
            "TicketPending, State.PENDING))",
        ),
        (
            "functions/ticket/core/issuance.py",
            "Put(TABLE, _new_ticket(one), condition=IS_NEW)",
            "Put(TABLE, _new_ticket(one))",
        ),
    ),
    control(
        "a notification is created once",
        f"{REDELIVERY}[booking_cancelled]",
        (
            "functions/notify/core/repository.py",
            "Put(TABLE, item, condition=IS_NEW)",
            "Put(TABLE, item)",
        ),
    ),
    control(
        "a profile is created once",
        f"{REDELIVERY}[new_user]",
        ("functions/user/core/repository.py", f', condition="{NEW}")', ")"),
    ),
    control(
        "older names do not overwrite newer ones",
        f"{PAIRS}[notify.on_user_updated]",
        (
            "functions/notify/core/contacts.py",
            "OR #{counter} < :{counter})",
            "OR attribute_exists(#{counter}))",
        ),
    ),
    control(
        "older terms do not overwrite newer ones",
        f"{PAIRS}[booking.on_event_changed]",
        (
            "functions/booking/core/event_copy.py",
            '"attribute_not_exists(#terms_version) OR #terms_version < :version"',
            '"attribute_not_exists(#terms_version) OR :version = :version"',
        ),
    ),
    control(
        "older staff do not overwrite newer ones",
        f"{PAIRS}[ticket.on_event_changed]",
        (
            "functions/ticket/core/event_copy.py",
            '"attribute_not_exists(#event_version) OR #event_version < :event_version"',
            '"attribute_not_exists(#event_version) OR :event_version = :event_version"',
        ),
    ),
)
EVERY_CONTROL = pytest.mark.parametrize("control", CONTROLS, ids=str)


@EVERY_CONTROL
def test_saga_fails_without_guard(control: Control) -> None:
    failed, output = failing_tests([control.node], *control.patches)

    assert failed == [control.node], f"no test fails without the guard: {control.guard}\n{output}"


def test_saga_passes_with_all_guards() -> None:
    failed, output = failing_tests(sorted({one.node for one in CONTROLS}))

    assert failed == [], output
