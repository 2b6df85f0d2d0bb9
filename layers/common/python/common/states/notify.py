"""The states of a notification."""

from enum import StrEnum

from common.statemachine import StateMachine


class State(StrEnum):
    PENDING = "PENDING"
    CREATED = "CREATED"
    FAILED = "FAILED"
    DROPPED = "DROPPED"
    KEPT = "KEPT"


class Trigger(StrEnum):
    SEND = "send"
    FAIL = "fail"  # the mail could not be sent: people must look
    DROP = "drop"  # what it was to tell is no longer so
    KEEP = "keep"  # the person wants no mails of this kind: it stands in their list only
    RESEND = "resend"


# fmt: off
LIFECYCLE = StateMachine({
    (State.PENDING, Trigger.SEND):   State.CREATED,
    (State.PENDING, Trigger.FAIL):   State.FAILED,
    (State.PENDING, Trigger.DROP):   State.DROPPED,
    (State.PENDING, Trigger.KEEP):   State.KEPT,
    (State.FAILED,  Trigger.RESEND): State.PENDING,
    (State.CREATED, Trigger.RESEND): State.PENDING,
})
# fmt: on
