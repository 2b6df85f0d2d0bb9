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
    FAIL = "fail"  # the provider takes no money for it any more
    CANCEL = "cancel"  # the buyer cancelled the booking before it was paid
    REFUND = "refund"  # money shall go back: written before the provider is asked
    PART_REFUND = "part_refund"  # the provider has accepted to send a part back, and some is left
    FINISH_REFUND = "finish_refund"  # the provider has accepted to send back what was left
    FAIL_REFUND = "fail_refund"  # the provider will not send it back: people must look
    FINISH_ONE = "finish_one"  # as part_refund and fail_refund, while others are being asked for
    FAIL_ONE = "fail_one"


# fmt: off
LIFECYCLE = StateMachine({
    (State.PENDING,   Trigger.SUCCEED):       State.SUCCEEDED,
    (State.FAILED,    Trigger.SUCCEED):       State.SUCCEEDED,
    (State.CANCELLED, Trigger.SUCCEED):       State.SUCCEEDED,
    (State.PENDING,   Trigger.FAIL):          State.FAILED,
    (State.PENDING,   Trigger.CANCEL):        State.CANCELLED,
    (State.SUCCEEDED, Trigger.REFUND):        State.REFUNDING,
    (State.REFUNDING, Trigger.REFUND):        State.REFUNDING,
    (State.REFUNDING, Trigger.FINISH_ONE):    State.REFUNDING,
    (State.REFUNDING, Trigger.FAIL_ONE):      State.REFUNDING,
    (State.REFUNDING, Trigger.PART_REFUND):   State.SUCCEEDED,
    (State.REFUNDING, Trigger.FINISH_REFUND): State.REFUNDED,
    (State.REFUNDING, Trigger.FAIL_REFUND):   State.SUCCEEDED,
    (State.SUCCEEDED, Trigger.FAIL_REFUND):   State.SUCCEEDED,
    (State.REFUNDED,  Trigger.FAIL_REFUND):   State.SUCCEEDED,
})
# fmt: on
