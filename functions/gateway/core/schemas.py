"""Response models of the gateway."""

from typing import Literal

from common.api import ResponseModel


class HealthView(ResponseModel):
    """The API answers; `stage` is the one that it was deployed as."""

    status: Literal["ok"] = "ok"
    stage: str
