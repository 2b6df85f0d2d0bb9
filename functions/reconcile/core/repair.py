"""Repair: republishes the bus events of a violated subject, and syncs payments with the provider.

Only the case itself is written here; the owners' consumers handle the republished events like any duplicate. A
violation that this cannot repair, or has not repaired after some tries, is reported to operators.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from common import clock, log, store
from common.rpc.cdc import RepublishEventsRequest, RepublishEventsResponse
from common.rpc.invocation import InvocationFailed, invoke
from common.rpc.payment import SyncPaymentRequest, SyncPaymentResponse
from common.store import Put
from reconcile.core import event_replay
from reconcile.core.evaluation import is_repairable
from reconcile.core.snapshot import Item

TABLE = "reconciliation"
_TRIES = 3  # sweeps that try to repair a case before it is reported
_RETENTION = timedelta(days=2)
_MAX_BATCH_BYTES = 1_000_000  # JSON of the images per call; Lambda's payload limit is 6 MB


def repair(name: str, violations: Sequence[str], items: Iterable[Item]) -> bool:
    """Republish the items' bus events; report violations that this cannot repair or has not repaired.

    Returns False if cdc does not answer.
    """
    tries = _record_case(name, violations)
    unrepaired = [one for one in violations if not is_repairable(one)] if tries <= _TRIES else violations
    for one in unrepaired:
        log.count("InvariantViolations")
        log.count_by("ViolationsByInvariant", invariant=one.split(" ")[0])
        log.logger.error("invariant violated", extra={"violation": one, "tries": tries})
    if not any(is_repairable(one) for one in violations):
        return True
    log.logger.warning("repairing", extra={"violations": list(violations), "tries": tries})
    return _republish([image for item in items for image in event_replay.replay_images(item)])


def sync_payment(payment_id: str) -> SyncPaymentResponse:
    """Have payment sync this payment with the provider; not complete if payment does not answer."""
    try:
        return invoke("payment.sync_with_provider", SyncPaymentRequest(payment_id=payment_id), SyncPaymentResponse)
    except InvocationFailed:
        log.logger.warning("payment does not answer", exc_info=True)
        return SyncPaymentResponse(updated=False, complete=False)


def _republish(images: Sequence[dict[str, Any]]) -> bool:
    try:
        for batch in _batches(images):
            request = RepublishEventsRequest(images=batch)
            response = invoke("cdc.republish_events", request, RepublishEventsResponse)
            log.count("EventsRepublished", response.published)
    except InvocationFailed:
        log.logger.warning("cdc does not answer", exc_info=True)
        return False
    return True


def _batches(images: Sequence[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], ...]]:
    batch: list[dict[str, Any]] = []
    size = 0
    for image in images:
        more = len(json.dumps(image, default=str))
        if batch and size + more > _MAX_BATCH_BYTES:
            yield tuple(batch)
            batch, size = [], 0
        batch.append(image)
        size += more
    if batch:
        yield tuple(batch)


def _record_case(name: str, violations: Sequence[str]) -> int:
    """Store the case; returns how many sweeps have met it, including this one."""
    before = store.get(TABLE, {"pk": name, "sk": "case"}) or {"tries": 0, "since": clock.iso(clock.now())}
    tries = int(before["tries"]) + 1
    case = {"pk": name, "sk": "case", "tries": tries, "since": before["since"], "violations": list(violations)}
    store.write(Put(TABLE, case | {"expires_at": int((clock.now() + _RETENTION).timestamp())}))
    return tries
