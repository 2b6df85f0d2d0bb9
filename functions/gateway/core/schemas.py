"""What the gateway answers."""

from typing import Literal

from common.api import View


class HealthView(View):
    """The API answers; `stage` is the one that it was deployed as."""

    status: Literal["ok"] = "ok"
    stage: str
