"""Negative controls of booking: each patch removes one guard, and the named test must fail without it."""

from tests.support.faults.source_patches import SourcePatch

CORE, TESTS = "functions/booking/core", "tests/component/booking"
AVAILABILITY, AVAILABILITY_TESTS = f"{CORE}/availability.py", f"{TESTS}/test_availability.py"
EVENT_CANCELLATION, EVENT_CANCELLATION_TESTS = f"{CORE}/event_cancellation.py", f"{TESTS}/test_event_cancellation.py"
EVENT_COPY, EVENT_COPY_TESTS = f"{CORE}/event_copy.py", f"{TESTS}/test_event_copy.py"
TICKET_USAGE, TICKET_USAGE_TESTS = f"{CORE}/ticket_usage.py", f"{TESTS}/test_ticket_usage.py"
HOLDS, INVENTORY, RELEASE = f"{CORE}/holds.py", f"{CORE}/inventory.py", f"{CORE}/release.py"
REPOSITORY, SALE_TERMS = f"{CORE}/repository.py", f"{CORE}/sale_terms.py"
FILTERED = "layers/common/pagination/filtered.py"
CANCELLATION_TESTS, CAPACITY_TESTS = f"{TESTS}/test_buyer_cancellation.py", f"{TESTS}/test_capacity.py"
EXTENSION_TESTS, LIFECYCLE_TESTS = f"{TESTS}/test_extension.py", f"{TESTS}/test_lifecycle.py"
LIST_TESTS, ORDERING_TESTS = f"{TESTS}/test_lists.py", f"{TESTS}/test_ordering.py"
PAYMENT_TESTS, READING_TESTS = f"{TESTS}/test_payment_outcomes.py", f"{TESTS}/test_reading.py"

CONTROLS = {
    "enough places available": (
        SourcePatch(INVENTORY, '"#available >= :qty AND #on_sale = :yes AND', '"#on_sale = :yes AND'),
        f"{ORDERING_TESTS}::test_last_place_is_sold_once",
    ),
    "terms version of an order": (
        SourcePatch(INVENTORY, "AND #on_sale = :yes AND #terms_version = :version", "AND #on_sale = :yes"),
        f"{ORDERING_TESTS}::test_terms_changed_during_order_are_a_conflict",
    ),
    "terms version of a late payment": (
        SourcePatch(INVENTORY, '"#available >= :qty AND #terms_version = :version"', '"#available >= :qty"'),
        f"{PAYMENT_TESTS}::test_late_payment_fails_when_event_is_cancelled",
    ),
    "purchase limit per user": (
        SourcePatch(INVENTORY, "OR #held <= :room", "OR attribute_exists(#held)"),
        f"{ORDERING_TESTS}::test_purchase_limit_counts_all_bookings_of_user",
    ),
    "one booking per key": (
        SourcePatch(REPOSITORY, 'Put(TABLE, item, condition="attribute_not_exists(#pk)")', "Put(TABLE, item)"),
        f"{ORDERING_TESTS}::test_repeated_order_returns_same_booking",
    ),
    "replays are looked up before an error": (
        SourcePatch(HOLDS, "repository.find(idempotency.id) if idempotency.has_key else None", "None"),
        f"{ORDERING_TESTS}::test_repeated_order_is_replayed_after_later_changes",
    ),
    "a replay has the same body": (
        SourcePatch(HOLDS, " or not idempotency.is_replay_of(earlier.model_dump())", ""),
        f"{ORDERING_TESTS}::test_reused_key_with_other_body_is_422",
    ),
    "one outcome per payment": (
        SourcePatch(REPOSITORY, '        extra_condition="attribute_not_exists(#payment_id)",\n', ""),
        f"{LIFECYCLE_TESTS}::test_payment_is_answered_once_in_any_state",
    ),
    "places are released": (
        SourcePatch(
            REPOSITORY,
            "[inventory.restore_limit(booking), *inventory.release(booking.quantities_by_shard())]",
            "[inventory.restore_limit(booking)]",
        ),
        f"{PAYMENT_TESTS}::test_unpaid_booking_releases_places_once",
    ),
    "the limit is released": (
        SourcePatch(REPOSITORY, "[inventory.restore_limit(booking), *inventory", "[*inventory"),
        f"{PAYMENT_TESTS}::test_unpaid_booking_releases_places_once",
    ),
    "no rejection while terms change": (
        SourcePatch(HOLDS, " or inventory.has_stale_terms(failure, terms, first=2)", ""),
        f"{PAYMENT_TESTS}::test_late_payment_is_retried_while_terms_change",
    ),
    "second read after a lost race": (
        SourcePatch(HOLDS, "booking = repository.get(booking_id)  # ended", "return  # ended"),
        f"{PAYMENT_TESTS}::test_hold_expiring_during_payment_is_reacquired",
    ),
    "deadline of the backstop": (
        SourcePatch(RELEASE, "if booking.status is State.PENDING and clock.now() < due:", "if False:"),
        f"{PAYMENT_TESTS}::test_backstop_waits_for_payment_answer",
    ),
    "owner's bookings only": (
        SourcePatch(REPOSITORY, " or booking.user_id != user_id", ""),
        f"{READING_TESTS}::test_another_users_booking_is_404",
    ),
    "no sale after the end": (
        SourcePatch(SALE_TERMS, "if not self.is_published or self.has_ended(now):", "if not self.is_published:"),
        f"{ORDERING_TESTS}::test_ended_event_is_not_sold",
    ),
    "no late sale after the end": (
        SourcePatch(HOLDS, " or terms.has_ended(clock.now())", ""),
        f"{PAYMENT_TESTS}::test_unfulfillable_late_payment_fails_booking[expired-event_over-sale_closed]",
    ),
    "the newest terms win": (
        SourcePatch(EVENT_COPY, "OR #terms_version < :version", "OR #terms_version <> :version"),
        f"{EVENT_COPY_TESTS}::test_newest_terms_win_in_any_order",
    ),
    "terms and shards together": (
        SourcePatch(
            EVENT_COPY,
            "store.transact([terms_put, *shard_updates, *counter_updates])",
            "any(map(store.write, [terms_put, *shard_updates, *counter_updates]))",
        ),
        f"{EVENT_COPY_TESTS}::test_interrupted_copy_stops_no_sale[1]",
    ),
    "one extension per hold": (
        SourcePatch(HOLDS, "    if booking.was_extended:\n", "    if False:\n"),
        f"{EXTENSION_TESTS}::test_hold_is_extended_once",
    ),
    "one of two concurrent extensions": (
        SourcePatch(REPOSITORY, '"#status = :pending AND #version = :seen"', '"attribute_exists(#pk)"'),
        f"{EXTENSION_TESTS}::test_hold_paid_during_extension_is_not_extended",
    ),
    "maximum hold": (
        SourcePatch("functions/booking/core/model.py", "terms.hold_seconds), *limits)", "terms.hold_seconds))"),
        f"{EXTENSION_TESTS}::test_hold_at_maximum_is_not_extended",
    ),
    "no extension after expiry": (
        SourcePatch(HOLDS, "clock.now() >= booking.pay_before", "False"),
        f"{EXTENSION_TESTS}::test_expired_hold_is_not_extended",
    ),
    "capacity covers reserved places": (
        SourcePatch(INVENTORY, '"#capacity = :before AND #available >= :fewer"', '"#capacity = :before"'),
        f"{CAPACITY_TESTS}::test_order_during_capacity_change_is_kept",
    ),
    "capacity as it was read": (
        SourcePatch(INVENTORY, '"#capacity = :before AND #available', '"#available'),
        f"{CAPACITY_TESTS}::test_concurrent_capacity_changes_keep_later_number",
    ),
    "owner's drafts only": (
        SourcePatch(
            "functions/events/core/event_types.py",
            "is_visible = exists and request.organiser_id in",
            "is_visible = exists or request.organiser_id in",
        ),
        "tests/component/booking/test_unpublished_types.py::test_drafts_of_others_are_not_disclosed",
    ),
    "organiser's events only": (
        SourcePatch(EVENT_COPY, "if not caller.can_manage(terms.organiser_id):", "if False:"),
        f"{CAPACITY_TESTS}::test_only_organiser_may_change_capacity",
    ),
    "refunded sum as it was read": (
        SourcePatch(REPOSITORY, "OR #refunded = :known)", "OR #refunded >= :known)"),
        f"{CANCELLATION_TESTS}::test_partial_refund_during_cancellation_is_paid_once",
    ),
    "refund policy of the event": (
        SourcePatch(
            RELEASE,
            "    if refund is None:\n        raise",
            "    if refund is None:\n        refund = 0\n    if False:\n        raise",
        ),
        f"{CANCELLATION_TESTS}::test_paid_booking_without_policy_is_not_refundable",
    ),
    "a refund waits for its payment": (
        SourcePatch(RELEASE, "        raise PaymentNotSettledYet(booking.id)", "        pass"),
        f"{CANCELLATION_TESTS}::test_refund_before_payment_is_retried",
    ),
    "highest refunded sum": (
        SourcePatch(
            RELEASE, "return max(booking.refunded, payment.refunded)", "return booking.refunded + payment.amount"
        ),
        f"{CANCELLATION_TESTS}::test_refunded_total_is_shown",
    ),
    "refunds owed by a cancellation": (
        SourcePatch(RELEASE, ' if _is_owed_by_cancellation(booking) else ("sales",)', ""),
        f"{EVENT_CANCELLATION_TESTS}::test_cancellation_counts_only_refunds_it_owes",
    ),
    "counted once": (
        SourcePatch(
            AVAILABILITY,
            'change = (booking.status is State.CONFIRMED) - bool(marks.get(booking.id, {}).get("sold"))',
            "change = 1",
        ),
        f"{AVAILABILITY_TESTS}::test_events_in_any_order_count_once[0]",
    ),
    "no older version counted": (
        SourcePatch(
            AVAILABILITY,
            '"attribute_not_exists(#seen) OR #seen < :version"',
            '"attribute_not_exists(#seen) OR #seen <> :version"',
        ),
        f"{AVAILABILITY_TESTS}::test_stale_booking_state_is_not_counted",
    ),
    "availability published only on change": (
        SourcePatch(
            AVAILABILITY,
            "        if not changed:\n            return\n",
            "        if not changed:\n            changed = list(counters.values())\n",
        ),
        f"{AVAILABILITY_TESTS}::test_availability_is_published_only_when_changed",
    ),
    "availability checked again after publishing": (
        SourcePatch(
            AVAILABILITY,
            '            _publish_status(item, statuses[item["pk"]])\n',
            '            _publish_status(item, statuses[item["pk"]])\n        return\n',
        ),
        f"{AVAILABILITY_TESTS}::test_overtaken_availability_status_is_corrected",
    ),
    "limited reads per page": (
        SourcePatch(FILTERED, "for _ in range(_MAX_READS):", "while True:"),
        f"{LIST_TESTS}::test_filtered_page_stops_at_scan_limit",
    ),
    "sale closes before cancellations": (
        SourcePatch(EVENT_CANCELLATION, "    event_copy.upsert(event)\n", ""),
        f"{EVENT_CANCELLATION_TESTS}::test_sale_closes_before_first_booking_is_cancelled",
    ),
    "further passes over the index": (
        SourcePatch(
            EVENT_CANCELLATION,
            'current["cancelled"] > current["before"] or progress["pass_at"] == progress["started_at"]:',
            "False:",
        ),
        f"{EVENT_CANCELLATION_TESTS}::test_later_pass_finds_bookings_missing_from_index",
    ),
    "progress counted in the cancelling transaction": (
        SourcePatch(EVENT_CANCELLATION, ", additional_writes=[counter_update]\n", "\n"),
        f"{EVENT_CANCELLATION_TESTS}::test_concurrent_instances_cancel_each_booking_once",
    ),
    "payments during cancellation are owed": (
        SourcePatch(
            EVENT_CANCELLATION, "if booking.status is State.CONFIRMED else 0", "if booking.payment_id is False else 0"
        ),
        f"{EVENT_CANCELLATION_TESTS}::test_booking_paid_during_cancellation_is_owed_refund",
    ),
    "only holding bookings are cancelled": (
        SourcePatch(EVENT_CANCELLATION, "        if booking.status not in HOLDING_STATES:\n            return\n", ""),
        f"{EVENT_CANCELLATION_TESTS}::test_organiser_sees_cancellation_progress",
    ),
    "newest refunded sum": (
        SourcePatch(
            RELEASE,
            "payment.refunded if payment.version > booking.refunded_as_of else booking.refunded",
            "payment.refunded",
        ),
        f"{CANCELLATION_TESTS}::test_failed_refund_is_subtracted_in_any_order[order5]",
    ),
    "checked-in tickets block refunds": (
        SourcePatch(
            RELEASE, "    if used := checked_in_tickets(usages):\n", "    if used := checked_in_tickets({}):\n"
        ),
        f"{TICKET_USAGE_TESTS}::test_booking_with_used_ticket_is_not_cancellable",
    ),
    "transferred tickets block refunds": (
        SourcePatch(
            RELEASE,
            "    if transferred := transferred_tickets(usages):\n",
            "    if transferred := transferred_tickets({}):\n",
        ),
        f"{TICKET_USAGE_TESTS}::test_booking_with_transferred_ticket_is_not_cancellable",
    ),
    "newest check-in event wins": (
        SourcePatch(TICKET_USAGE, "    if usage.version >= version:\n        return usages\n", ""),
        f"{TICKET_USAGE_TESTS}::test_newest_ticket_event_wins_in_any_order[order6]",
    ),
    "superseded tickets are not transferred": (
        SourcePatch(TICKET_USAGE, "to_other_user and not new_usage.superseded", "to_other_user"),
        f"{TICKET_USAGE_TESTS}::test_newest_ticket_event_wins_in_any_order[order1]",
    ),
    "ticket usage as it was read": (
        SourcePatch(REPOSITORY, "condition=_SAME_TICKET_USAGE, values=values", 'values=values | {"usage": {}}'),
        f"{TICKET_USAGE_TESTS}::test_concurrent_ticket_events_are_both_recorded",
    ),
    "ticket usage compared on release": (
        SourcePatch(REPOSITORY, " AND {_SAME_TICKET_USAGE}", " AND (:usage = :usage)"),
        f"{TICKET_USAGE_TESTS}::test_check_in_during_cancellation_prevents_it",
    ),
    "organiser's cancellation only": (
        SourcePatch(
            "functions/booking/http/get_cancellation.py",
            "event_copy.get_managed_terms(event_id, caller)",
            "event_copy.get_terms(event_id)",
        ),
        f"{EVENT_CANCELLATION_TESTS}::test_cancellation_of_open_event_is_not_found",
    ),
    "extension with a lost reply": (
        SourcePatch(REPOSITORY, "stored = outbox.own_write(failure)  #", "stored = None  #"),
        f"{EXTENSION_TESTS}::test_extension_survives_lost_reply",
    ),
}
