"""The states of a notification."""

from enum import StrEnum

from common.statemachine import StateMachine


class State(StrEnum):
    PENDING = "PENDING"
    SENT = "SENT"
    FAILED = "FAILED"
    DISCARDED = "DISCARDED"
    SUPPRESSED = "SUPPRESSED"


class Trigger(StrEnum):
    SEND = "send"
    FAIL = "fail"  # the e-mail could not be sent: raises an alarm
    DISCARD = "discard"  # its content is no longer true
    SUPPRESS = "suppress"  # the user receives no e-mails of this kind: shown in their list only
    RESEND = "resend"


# fmt: off
LIFECYCLE = StateMachine({
    (State.PENDING, Trigger.SEND):   State.SENT,
    (State.PENDING, Trigger.FAIL):   State.FAILED,
    (State.PENDING, Trigger.DISCARD):   State.DISCARDED,
    (State.PENDING, Trigger.SUPPRESS):   State.SUPPRESSED,
    (State.FAILED,  Trigger.RESEND): State.PENDING,
    (State.SENT, Trigger.RESEND): State.PENDING,
})
# fmt: on
