"""The states of a ticket, of a booking's issue, and of an offer to another person."""

from enum import StrEnum

from common.statemachine import StateMachine


class State(StrEnum):
    """Of a ticket; a booking's issue goes through the same, without the door."""

    PENDING = "PENDING"
    CREATED = "CREATED"
    REJECTED = "REJECTED"
    CHECKED_IN = "CHECKED_IN"
    VOID = "VOID"


class Offer(StrEnum):
    """Of a ticket to another person."""

    OFFERED = "OFFERED"
    ACCEPTED = "ACCEPTED"
    CANCELLED = "CANCELLED"


class Answer(StrEnum):
    """What becomes of an offer."""

    ACCEPT = "accept"
    RETRACT = "retract"


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
    (State.PENDING,    Trigger.VOID):   State.VOID,  # cancelled before it was signed
    (State.CREATED,    Trigger.ADMIT):  State.CHECKED_IN,
    (State.CHECKED_IN, Trigger.UNDO):   State.CREATED,
    (State.CREATED,    Trigger.VOID):   State.VOID,
    (State.CHECKED_IN, Trigger.VOID):   State.VOID,
})
OFFERS = StateMachine({
    (Offer.OFFERED, Answer.ACCEPT):  Offer.ACCEPTED,
    (Offer.OFFERED, Answer.RETRACT): Offer.CANCELLED,
})
# fmt: on
