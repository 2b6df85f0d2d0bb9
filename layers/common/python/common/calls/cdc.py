"""What cdc answers."""

from typing import Any

from common.call import CallAnswer, CallRequest


class SayAgain(CallRequest):
    """Items as they were when they published: their bus events go onto the bus again, under their old ids."""

    images: tuple[dict[str, Any], ...]


class Said(CallAnswer):
    """How many bus events the bus has taken, and how many it has not."""

    published: int
    refused: int
