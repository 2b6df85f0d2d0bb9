"""GET /v1/health: that the API answers, and which stage it is."""

from common import env
from common.api import endpoint
from gateway.core.schemas import HealthView


@endpoint()
def handler() -> HealthView:
    """Whether the API answers; it says nothing about what stands behind it."""
    return HealthView(stage=env.setting("STAGE"))
