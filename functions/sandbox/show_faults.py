"""GET /sandbox/faults: what was asked for, and what has gone wrong since."""

from common.api import endpoint
from sandbox.core import wire
from sandbox.core.asking import shown
from sandbox.core.faults import control


@endpoint()
def handler() -> wire.Document:
    """The rates, how many sessions came to each place, and how often each fault struck."""
    return wire.told(lambda: shown(control()))
