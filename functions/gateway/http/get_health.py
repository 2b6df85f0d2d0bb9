"""GET /v1/health: API health and stage."""

from common import env
from common.api import endpoint
from gateway.core.schemas import HealthView


@endpoint()
def handler() -> HealthView:
    """Whether the API answers; it says nothing about what stands behind it."""
    return HealthView(stage=env.setting("STAGE"))
