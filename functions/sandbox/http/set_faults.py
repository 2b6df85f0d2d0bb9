"""PUT /sandbox/faults: what goes wrong from now on, and how often."""

from common.api import endpoint
from sandbox.core import stripe_http
from sandbox.core.fault_requests import FaultsRequest, fault_report
from sandbox.core.faults import update_settings


@endpoint()
def handler(request: FaultsRequest) -> stripe_http.Document:
    """Take these rates and this seed, and count anew. Without rates all is well again."""
    return stripe_http.respond(lambda: fault_report(update_settings(request.model_dump())))
