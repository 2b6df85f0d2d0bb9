"""GET /sandbox/faults: what was asked for, and what has gone wrong since."""

from common.api import endpoint
from sandbox.core import stripe_http
from sandbox.core.fault_requests import fault_report
from sandbox.core.faults import get_settings


@endpoint()
def handler() -> stripe_http.Document:
    """The rates, how many sessions came to each operation, and how often each fault hit."""
    return stripe_http.respond(lambda: fault_report(get_settings()))
