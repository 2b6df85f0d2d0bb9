"""Every five minutes, and by operators: the next bookings are looked at, and what is wrong mended or told."""

from datetime import timedelta
from typing import Any

from common import ids, log, trace
from reconcile.core import rounds


def handler(event: dict[str, Any], _context: Any = None) -> dict[str, Any]:
    """Go on with the round; for an operator `afresh`, and with things that have rested for `grace_seconds` only."""
    grace = timedelta(seconds=event["grace_seconds"]) if "grace_seconds" in event else rounds.GRACE
    run = ids.new()
    with trace.following(run, run):
        told = rounds.go_on(grace, afresh=event.get("afresh", False))
        log.access(**told)
    log.flush()
    return told
