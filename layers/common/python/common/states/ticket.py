"""The states of a ticket, of a booking's issuance, and of a transfer."""

from enum import StrEnum

from common.statemachine import StateMachine


class State(StrEnum):
    """States of a ticket; an issuance has the same without CHECKED_IN."""

    PENDING = "PENDING"
    CREATED = "CREATED"
    REJECTED = "REJECTED"
    CHECKED_IN = "CHECKED_IN"
    VOID = "VOID"


class TransferState(StrEnum):
    """States of a transfer to another user."""

    OFFERED = "OFFERED"
    ACCEPTED = "ACCEPTED"
    CANCELLED = "CANCELLED"


class TransferTrigger(StrEnum):
    """Triggers of a transfer."""

    ACCEPT = "accept"
    CANCEL = "cancel"


class Trigger(StrEnum):
    ISSUE = "issue"
    REJECT = "reject"
    ADMIT = "admit"
    UNDO = "undo"
    VOID = "void"


# fmt: off
LIFECYCLE = StateMachine({
    (State.PENDING,    Trigger.ISSUE):  State.CREATED,
    (State.PENDING,    Trigger.REJECT): State.REJECTED,
    (State.PENDING,    Trigger.VOID):   State.VOID,  # cancelled before it was issued
    (State.CREATED,    Trigger.ADMIT):  State.CHECKED_IN,
    (State.CHECKED_IN, Trigger.UNDO):   State.CREATED,
    (State.CREATED,    Trigger.VOID):   State.VOID,
    (State.CHECKED_IN, Trigger.VOID):   State.VOID,
})
TRANSFER_LIFECYCLE = StateMachine({
    (TransferState.OFFERED, TransferTrigger.ACCEPT):  TransferState.ACCEPTED,
    (TransferState.OFFERED, TransferTrigger.CANCEL): TransferState.CANCELLED,
})
# fmt: on
