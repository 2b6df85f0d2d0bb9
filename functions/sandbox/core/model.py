"""A checkout session: the one thing that the sandbox keeps, with the payment made in it."""

import re
from enum import StrEnum

from common.statemachine import StateMachine


class State(StrEnum):
    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"


class Trigger(StrEnum):
    PAY = "pay"
    PAY_LATE = "pay_late"  # money that was under way when the session was expired
    EXPIRE = "expire"


# fmt: off
LIFECYCLE = StateMachine({
    (State.OPEN,    Trigger.PAY):      State.COMPLETE,
    (State.EXPIRED, Trigger.PAY_LATE): State.COMPLETE,
    (State.OPEN,    Trigger.EXPIRE):   State.EXPIRED,
})
# fmt: on


INTENT = re.compile("pi_[0-9a-f]{32}")


def payment_intent(session_id: str) -> str:
    """The payment that can be made in a session: one, with the same random part."""
    return session_id.replace("cs_test_", "pi_", 1)


def session_of(intent: str) -> str:
    """The session of a payment."""
    return intent.replace("pi_", "cs_test_", 1)
