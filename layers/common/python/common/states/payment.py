"""The states of a payment."""

from enum import StrEnum

from common.statemachine import StateMachine


class State(StrEnum):
    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    REFUNDING = "REFUNDING"
    REFUNDED = "REFUNDED"


class Trigger(StrEnum):
    SUCCEED = "succeed"  # the whole amount has been received, in time or late
    FAIL = "fail"  # the provider accepts no payment for it
    CANCEL = "cancel"  # the buyer cancelled the booking before it was paid
    REFUND = "refund"  # a refund was requested; written before the request to the provider
    PART_REFUND = "part_refund"  # the provider accepted a partial refund
    FINISH_REFUND = "finish_refund"  # the provider accepted the refund of the remainder
    FAIL_REFUND = "fail_refund"  # the provider rejected the refund: raises an alarm
    REFUND_SETTLED = "refund_settled"  # a refund succeeded while others are pending
    REFUND_FAILED_WHILE_OTHERS_PENDING = "refund_failed_while_others_pending"


# fmt: off
LIFECYCLE = StateMachine({
    (State.PENDING,   Trigger.SUCCEED):       State.SUCCEEDED,
    (State.FAILED,    Trigger.SUCCEED):       State.SUCCEEDED,
    (State.CANCELLED, Trigger.SUCCEED):       State.SUCCEEDED,
    (State.PENDING,   Trigger.FAIL):          State.FAILED,
    (State.PENDING,   Trigger.CANCEL):        State.CANCELLED,
    (State.SUCCEEDED, Trigger.REFUND):        State.REFUNDING,
    (State.REFUNDING, Trigger.REFUND):        State.REFUNDING,
    (State.REFUNDING, Trigger.REFUND_SETTLED):    State.REFUNDING,
    (State.REFUNDING, Trigger.REFUND_FAILED_WHILE_OTHERS_PENDING):      State.REFUNDING,
    (State.REFUNDING, Trigger.PART_REFUND):   State.SUCCEEDED,
    (State.REFUNDING, Trigger.FINISH_REFUND): State.REFUNDED,
    (State.REFUNDING, Trigger.FAIL_REFUND):   State.SUCCEEDED,
    (State.SUCCEEDED, Trigger.FAIL_REFUND):   State.SUCCEEDED,
    (State.REFUNDED,  Trigger.FAIL_REFUND):   State.SUCCEEDED,
})
# fmt: on
