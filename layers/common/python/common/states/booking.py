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
    FAIL = "fail"  # the payment failed
    EXPIRE = "expire"  # not paid in time
    CANCEL = "cancel"  # cancelled by the buyer before payment
    CANCEL_BY_POLICY = "cancel_by_policy"  # confirmed, then cancelled by the buyer under the refund policy
    REVOKE = "revoke"  # confirmed, but its tickets cannot be issued
    REFUND = "refund"  # confirmed, then refunded in full
    EVENT_CANCELLED = "event_cancelled"  # the event was cancelled
    CONFIRM_LATE = "confirm_late"  # paid after the release of its places, which were available again
    REJECT_LATE_PAYMENT = "reject_late_payment"  # paid after the release of its places, which were not available


# fmt: off
LIFECYCLE = StateMachine({
    (State.PENDING,   Trigger.CONFIRM):      State.CONFIRMED,
    (State.PENDING,   Trigger.FAIL):         State.FAILED,
    (State.PENDING,   Trigger.EXPIRE):       State.EXPIRED,
    (State.PENDING,   Trigger.CANCEL):       State.CANCELLED,
    (State.PENDING,   Trigger.EVENT_CANCELLED):     State.CANCELLED,
    (State.CONFIRMED, Trigger.CANCEL_BY_POLICY):     State.CANCELLED,
    (State.CONFIRMED, Trigger.REVOKE):       State.CANCELLED,
    (State.CONFIRMED, Trigger.REFUND):       State.CANCELLED,
    (State.CONFIRMED, Trigger.EVENT_CANCELLED):     State.CANCELLED,
    (State.EXPIRED,   Trigger.CONFIRM_LATE): State.CONFIRMED,
    (State.FAILED,    Trigger.CONFIRM_LATE): State.CONFIRMED,
    (State.EXPIRED,   Trigger.REJECT_LATE_PAYMENT):       State.FAILED,
    (State.FAILED,    Trigger.REJECT_LATE_PAYMENT):       State.FAILED,
    (State.CANCELLED, Trigger.REJECT_LATE_PAYMENT):       State.FAILED,
})
# fmt: on
