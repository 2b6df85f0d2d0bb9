"""Every five minutes, or invoked by an operator: check the next bookings, repair or report violations."""

from datetime import timedelta
from typing import Any

from common import correlation, ids, log
from reconcile.core import sweep


def handler(event: dict[str, Any], _context: Any = None) -> dict[str, Any]:
    """Continue the sweep. Optional input: `restart` from the first event; `grace_seconds` since the last change."""
    grace = timedelta(seconds=event["grace_seconds"]) if "grace_seconds" in event else sweep.GRACE
    run = ids.new()
    with correlation.scope(run, run):
        summary = sweep.run_slice(grace, restart=event.get("restart", False))
        log.access(**summary)
    log.flush()
    return summary
