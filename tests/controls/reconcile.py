"""Negative controls of reconcile: each patch removes one guard, and the named test must fail without it."""

from tests.support.faults.source_patches import SourcePatch

REPAIRS, SWEEPS = "tests/saga/test_reconcile_repairs.py", "tests/saga/test_reconcile.py"
CORE, PAYMENT = "functions/reconcile/core", "functions/payment/core"
USAGE_REPAIR = f"{REPAIRS}::test_lost_ticket_events_reach_the_booking"
LOST_EVENT = f"{SWEEPS}::test_lost_bus_event_is_republished_and_repaired"

CONTROLS = {
    "a bounced full refund stays owed": (
        SourcePatch(
            "functions/booking/core/release.py",
            'event_entry(BookingCancelled, reason="refunded")',
            'event_entry(BookingCancelled, reason="refunded", refund=0)',
        ),
        f"{REPAIRS}::test_bounced_organiser_refund_is_sent_again",
    ),
    "recent changes are skipped": (
        SourcePatch(
            f"{CORE}/evaluation.py", "return any(clock.parse(one) > now - grace for one in times)", "return False"
        ),
        f"{REPAIRS}::test_recent_changes_are_not_checked",
    ),
    "unrepairable violations are reported": (
        SourcePatch(f"{CORE}/evaluation.py", "return violation.startswith(_REPAIRABLE)", "return True"),
        f"{REPAIRS}::test_inventory_violation_is_reported_not_repaired",
    ),
    "failed repairs are reported": (
        SourcePatch(f"{CORE}/repair.py", "if tries <= _TRIES else violations", "if tries else violations"),
        f"{REPAIRS}::test_unrepairable_violation_is_reported_after_three_sweeps",
    ),
    "an operator's sweep starts with the first event": (
        SourcePatch(f"{CORE}/sweep.py", 'CHECKPOINT_KEY | {"step": checkpoint["step"]}, False', "checkpoint, False"),
        f"{REPAIRS}::test_operator_sweep_ignores_scheduled_checkpoint",
    ),
    "a sweep reads all index shards": (
        SourcePatch(f"{CORE}/sweep.py", "EVENT_SHARDS = 4  #", "EVENT_SHARDS = 1  #"),
        f"{LOST_EVENT}[BookingConfirmed]",
    ),
    "republished events keep their ids": (
        SourcePatch(f"{CORE}/event_replay.py", '"outbox_version": version,', '"outbox_version": version + 1,'),
        f"{SWEEPS}::test_republished_event_has_its_original_id_and_content",
    ),
    "earlier events are rebuilt": (
        SourcePatch(f"{CORE}/event_replay.py", "[one for one in earlier_images if one] + [dict", "[dict"),
        f"{LOST_EVENT}[BookingOrdered]",
    ),
    "earlier checkouts are synced": (
        SourcePatch(
            f"{PAYMENT}/provider_sync.py", "for attempt in range(1, end_attempt):", "for attempt in range(1, 1):"
        ),
        f"{REPAIRS}::test_payment_on_expired_checkout_is_found",
    ),
    "refunds are synced": (
        SourcePatch(
            f"{PAYMENT}/provider_sync.py",
            "for sync in (_sync_checkouts, _sync_refunds)]",
            "for sync in (_sync_checkouts,)]",
        ),
        f"{REPAIRS}::test_bounced_refund_is_recorded_and_retried",
    ),
    "check-ins are republished": (
        SourcePatch(f"{CORE}/event_replay.py", '    ("ticket", "admit"): TicketCheckedIn,\n', ""),
        f"{USAGE_REPAIR}[transferred_and_event_cancelled]",
    ),
    "ticket usage is checked": (
        SourcePatch(f"{CORE}/invariants.py", "    Invariant(ticket_usage_is_recorded, Scope.BOOKING),\n", ""),
        f"{REPAIRS}::test_lost_check_in_event_reaches_the_booking",
    ),
    "a transfer keeps the former owner": (
        SourcePatch(
            "functions/ticket/core/transfers.py", '"from_user_id": ticket["user_id"], "issued_at"', '"issued_at"'
        ),
        f"{USAGE_REPAIR}[transferred_and_event_cancelled]",
    ),
    "a malformed booking stops no other": (
        SourcePatch(f"{CORE}/run_state.py", "except UNREADABLE:", "except ZeroDivisionError:"),
        (
            f"{REPAIRS}::test_unreadable_booking_is_reported_without_blocking_others",
            f"{REPAIRS}::test_missing_event_is_reported_without_blocking_others",
        ),
    ),
    "bookings are loaded singly after a failure": (
        SourcePatch(f"{CORE}/sweep.py", "    with suppress(*UNREADABLE):\n        return", "    return"),
        f"{REPAIRS}::test_unreadable_booking_is_reported_without_blocking_others",
    ),
    "failed calls are limited": (
        SourcePatch(
            f"{CORE}/run_state.py", "return self.failed_calls[service] < MAX_FAILED_CALLS and clock", "return clock"
        ),
        f"{REPAIRS}::test_failed_calls_per_slice_are_limited",
    ),
    "one failed call does not stop syncing": (
        SourcePatch(f"{CORE}/run_state.py", "MAX_FAILED_CALLS = 3", "MAX_FAILED_CALLS = 1"),
        f"{REPAIRS}::test_unanswered_payment_does_not_block_others",
    ),
    "failed calls are counted per service": (
        SourcePatch(
            f"{CORE}/run_state.py",
            "self.failed_calls[service] < MAX_FAILED_CALLS",
            "max(self.failed_calls.values(), default=0) < MAX_FAILED_CALLS",
        ),
        f"{REPAIRS}::test_unreachable_provider_does_not_block_repairs",
    ),
    "calls end in time": (
        SourcePatch(f"{CORE}/run_state.py", " and clock.now() < self.now + CALL_BUDGET", ""),
        f"{REPAIRS}::test_slow_repair_is_postponed_to_next_sweep",
    ),
    "images are sent in batches": (
        SourcePatch(
            f"{CORE}/repair.py", "if batch and size + more > _MAX_BATCH_BYTES:", "if not batch and size + more < 0:"
        ),
        f"{REPAIRS}::test_republished_images_are_split_by_payload_size",
    ),
    "a read timeout is a failed call": (
        SourcePatch("layers/common/rpc/invocation.py", "except BotoCoreError as", "except ZeroDivisionError as"),
        "tests/component/common/test_rpc.py::test_invoke_fails_on_read_timeout",
    ),
    "refunds are synced without checkouts": (
        SourcePatch(
            f"{PAYMENT}/provider_sync.py",
            "(ProviderUnreachable, ProviderRejected, ConditionFailed, Contention)",
            "ProviderUnreachable",
        ),
        f"{REPAIRS}::test_refund_is_looked_up_without_its_checkout",
    ),
    "late payments are synced": (
        SourcePatch(f"{CORE}/evaluation.py", '("PENDING", "FAILED", "CANCELLED")', '("PENDING",)'),
        f"{REPAIRS}::test_late_payment_without_webhook_is_found_and_confirmed",
    ),
}
