"""Each guard of the saga, taken out of a copy of the sources, turns a saga test red."""

from dataclasses import dataclass

import pytest

from tests.support.mutation import Change, failures

_FAULTS = "tests/saga/test_faults.py::test_"
AGAIN = f"{_FAULTS}every_message_delivered_again_long_after_changes_nothing"
PAIRS = f"{_FAULTS}each_pair_of_a_consumers_messages_ends_alike_in_both_orders"
RACE = "tests/saga/test_paths.py::test_two_instances_with_one_message_answer_it_once"
EXPIRED = "tests/saga/test_paths.py::test_a_hold_that_runs_out_gives_its_places_back[expired]"
NEW = "attribute_not_exists(#pk)"


@dataclass(frozen=True)
class Control:
    """A guard by its name, the change that takes it out, and the test that must notice."""

    guard: str
    node: str
    changes: tuple[Change, ...]

    def __str__(self) -> str:
        return self.guard.replace(" ", "-")


def control(guard: str, node: str, *changes: tuple[str, str, str]) -> Control:
    return Control(guard, node, tuple(Change(*one) for one in changes))


CONTROLS = (
    control(
        "a payment is answered once",
        f"{RACE}[a late payment without room]",
        ("functions/booking/core/repository.py", '        also="attribute_not_exists(#payment_id)",\n', ""),
    ),
    control(
        "a transition is of the state and the version that were read",
        f"{RACE}[a hold that runs out]",
        (
            "layers/common/outbox.py",
            'f"#status IN ({\', \'.join(\':\' + name for name in sources)})" + (f" AND {also}" if also else "")',
            '"attribute_exists(#pk)"',
        ),
    ),
    control(
        "a booking that has ended ends no more",
        f"{AGAIN}[expired]",
        (
            "functions/booking/core/ending.py",
            "    if not LIFECYCLE.allows(booking.status, trigger):\n        return\n",
            "",
        ),
    ),
    control(
        "a payment that was answered is remembered",
        f"{AGAIN}[paid_in_time]",
        (
            "functions/booking/core/service.py",
            "    if booking.payment_id == payment_id:\n        return  # answered before\n",
            "",
        ),
        ("functions/booking/core/service.py", "    if booking.payment_id is None:\n", "    if True:\n"),
    ),
    control(
        "places and limit go back together",
        EXPIRED,
        (
            "functions/booking/core/repository.py",
            "transact([ended, limits.given_back(booking), *stock",
            "transact([ended, *stock",
        ),
    ),
    control(
        "a payment opens once",
        f"{AGAIN}[paid_in_time]",
        ("functions/payment/core/repository.py", f'Put(TABLE, item, condition="{NEW}")', "Put(TABLE, item)"),
    ),
    control(
        "tickets are made once",
        f"{AGAIN}[admitted]",
        (
            "functions/ticket/core/issues.py",
            "TicketPending, State.PENDING), condition=NEW)",
            "TicketPending, State.PENDING))",
        ),
        ("functions/ticket/core/issues.py", "Put(TABLE, _ticket(one), condition=NEW)", "Put(TABLE, _ticket(one))"),
    ),
    control(
        "each thing is told once",
        f"{AGAIN}[cancelled]",
        (
            "functions/notify/core/repository.py",
            "followed=True), condition=NEW)",
            "followed=True))",
        ),
    ),
    control(
        "a profile is made once",
        f"{AGAIN}[newcomer]",
        ("functions/user/core/repository.py", f', condition="{NEW}")', ")"),
    ),
    control(
        "older names do not come back",
        f"{PAIRS}[notify.on_user_updated]",
        (
            "functions/notify/core/contacts.py",
            "OR #{counter} < :{counter})",
            "OR attribute_exists(#{counter}))",
        ),
    ),
    control(
        "older terms do not come back",
        f"{PAIRS}[booking.keep_event]",
        (
            "functions/booking/core/catalogue.py",
            '"attribute_not_exists(#terms_version) OR #terms_version < :version"',
            '"attribute_not_exists(#terms_version) OR :version = :version"',
        ),
    ),
    control(
        "older staff do not come back",
        f"{PAIRS}[ticket.keep_event]",
        (
            "functions/ticket/core/repository.py",
            '"attribute_not_exists(#event_version) OR #event_version < :event_version"',
            '"attribute_not_exists(#event_version) OR :event_version = :event_version"',
        ),
    ),
)
EVERY_CONTROL = pytest.mark.parametrize("control", CONTROLS, ids=str)


@EVERY_CONTROL
def test_without_its_guard_the_saga_goes_wrong(control: Control) -> None:
    failed, said = failures([control.node], *control.changes)

    assert failed == [control.node], f"nobody notices that it is missing: {control.guard}\n{said}"


def test_with_every_guard_the_same_tests_pass() -> None:
    failed, said = failures(sorted({one.node for one in CONTROLS}))

    assert failed == [], said
