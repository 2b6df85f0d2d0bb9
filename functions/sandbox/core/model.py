"""A checkout session: its states, and the ids of the session and its payment intent."""

import re
from enum import StrEnum

from common.statemachine import StateMachine


class State(StrEnum):
    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"


class Trigger(StrEnum):
    PAY = "pay"
    PAY_LATE = "pay_late"  # money that was in transit when the session expired
    EXPIRE = "expire"


# fmt: off
LIFECYCLE = StateMachine({
    (State.OPEN,    Trigger.PAY):      State.COMPLETE,
    (State.EXPIRED, Trigger.PAY_LATE): State.COMPLETE,
    (State.OPEN,    Trigger.EXPIRE):   State.EXPIRED,
})
# fmt: on


INTENT_ID = re.compile("pi_[0-9a-f]{32}")


def payment_intent_id(session_id: str) -> str:
    """The id of the session's only payment intent: it has the same random part."""
    return session_id.replace("cs_test_", "pi_", 1)


def session_id_of(intent: str) -> str:
    """The id of the session of a payment intent."""
    return intent.replace("pi_", "cs_test_", 1)
