"""PUT /sandbox/faults: what goes wrong from now on, and how often."""

from common.api import endpoint
from sandbox.core import wire
from sandbox.core.asking import FaultsRequest, shown
from sandbox.core.faults import set_to


@endpoint()
def handler(request: FaultsRequest) -> wire.Document:
    """Take these rates and this seed, and count anew. Without rates all is well again."""
    return wire.told(lambda: shown(set_to(request.model_dump())))
