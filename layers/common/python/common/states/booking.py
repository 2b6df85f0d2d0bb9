"""The states of a booking."""

from enum import StrEnum

from common.statemachine import StateMachine


class State(StrEnum):
    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


class Trigger(StrEnum):
    CONFIRM = "confirm"  # paid in time
    FAIL = "fail"  # will not be paid
    EXPIRE = "expire"  # not paid in time
    CANCEL = "cancel"  # the buyer thought better of it
    WITHDRAW = "withdraw"  # confirmed, and given back by the buyer as the event's terms allow
    REVOKE = "revoke"  # confirmed, but its tickets cannot be made
    REFUND = "refund"  # confirmed, but all that was paid has gone back
    CALL_OFF = "call_off"  # the event will not take place
    CONFIRM_LATE = "confirm_late"  # paid after the places went back, and they could be retaken
    REFUSE = "refuse"  # paid after the places went back, and they could not


# fmt: off
LIFECYCLE = StateMachine({
    (State.PENDING,   Trigger.CONFIRM):      State.CONFIRMED,
    (State.PENDING,   Trigger.FAIL):         State.FAILED,
    (State.PENDING,   Trigger.EXPIRE):       State.EXPIRED,
    (State.PENDING,   Trigger.CANCEL):       State.CANCELLED,
    (State.PENDING,   Trigger.CALL_OFF):     State.CANCELLED,
    (State.CONFIRMED, Trigger.WITHDRAW):     State.CANCELLED,
    (State.CONFIRMED, Trigger.REVOKE):       State.CANCELLED,
    (State.CONFIRMED, Trigger.REFUND):       State.CANCELLED,
    (State.CONFIRMED, Trigger.CALL_OFF):     State.CANCELLED,
    (State.EXPIRED,   Trigger.CONFIRM_LATE): State.CONFIRMED,
    (State.FAILED,    Trigger.CONFIRM_LATE): State.CONFIRMED,
    (State.EXPIRED,   Trigger.REFUSE):       State.FAILED,
    (State.FAILED,    Trigger.REFUSE):       State.FAILED,
    (State.CANCELLED, Trigger.REFUSE):       State.FAILED,
})
# fmt: on
