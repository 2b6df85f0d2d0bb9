"""Each guard of the shared edges and of cdc taken out in a copy of the sources: its test goes red."""

from tests.support.faults.source_patches import SourcePatch

API, REQUEST = "tests/unit/test_common_api.py", "tests/unit/test_common_request.py"
STORE, OUTBOX = "tests/component/common/test_store.py", "tests/component/common/test_outbox.py"
CURSOR, CONSUMER = "tests/component/common/test_pagination.py", "tests/component/common/test_consumer.py"
TAGS = "tests/saga/test_etags.py"
JOURNEY = "tests/saga/test_correlation.py"
CDC, RELAY = "tests/component/cdc/test_relay.py", "functions/cdc/core/relay.py"

CONTROLS = {
    "a route's role": (
        SourcePatch("layers/common/api.py", "            identity.require_role(role)", "            identity.roles"),
        f"{API}::test_route_checks_the_role_before_the_request",
    ),
    "problems are always written": (
        SourcePatch("layers/common/api.py", ", default=str)", ")"),
        f"{API}::test_member_unknown_to_json_becomes_text",
    ),
    "no answer is no fault of ours": (
        SourcePatch("layers/common/retries.py", "Contention | Unconnected | HTTPClientError", "Contention"),
        f"{API}::test_unreachable_aws_is_503[ReadTimeoutError]",
    ),
    "the fixed members of a problem": (
        SourcePatch("layers/common/problems.py", "self.members | document", "document | self.members"),
        f"{API}::test_member_cannot_replace_standard_problem_members",
    ),
    "halves of surrogate pairs": (
        SourcePatch("layers/common/json_body.py", "if _LONE_SURROGATE.search(", "if not _LONE_SURROGATE.search("),
        f"{REQUEST}::test_well_formed_json_is_accepted",
    ),
    "keys given twice": (
        SourcePatch("layers/common/json_body.py", "            object_pairs_hook=_unique_keys,\n", ""),
        f"{REQUEST}::test_malformed_json_is_400",
    ),
    "depth": (
        SourcePatch("layers/common/json_body.py", "MAX_DEPTH = 20", "MAX_DEPTH = 10**9"),
        f"{REQUEST}::test_malformed_json_is_400",
    ),
    "paths that name nothing": (
        SourcePatch(
            "layers/common/request.py",
            "len(value) > _MAX_PATH_PARAMETER or not value.isprintable()",
            "len(value) > 10**9",
        ),
        f"{REQUEST}::test_impossible_path_parameter_is_404",
    ),
    "nothing but a conflict is repeated": (
        SourcePatch("layers/common/retries.py", "return _error_codes(error) <= _CONFLICT_CODES\n", "return True\n"),
        f"{STORE}::test_only_conflicts_are_retried",
    ),
    "one token for all tries": (
        SourcePatch(
            "layers/common/store.py", "_tables().transact(writes, token)", "_tables().transact(writes, ids.new())"
        ),
        f"{STORE}::test_transaction_retries_reuse_the_request_token",
    ),
    "unread keys": (
        SourcePatch("layers/common/store.py", "        if not keys:\n            return\n", "        return\n"),
        f"{STORE}::test_unprocessed_keys_are_retried_with_backoff",
    ),
    "the operation is one's own": (
        SourcePatch(
            "layers/common/outbox.py",
            'item.get("operation") == correlation.current().operation',
            'item.get("operation")',
        ),
        f"{OUTBOX}::test_own_write_returns_item_of_same_operation",
    ),
    "ids differ by version": (
        SourcePatch("layers/common/outbox.py", 'item["sk"], version, event', 'item["sk"], 1, event'),
        f"{OUTBOX}::test_bus_event_ids_are_deterministic_and_distinct",
    ),
    "page tokens are signed": (
        SourcePatch(
            "layers/common/pagination/tokens.py",
            "if not hmac.compare_digest(signature, _sign(body, scope)):",
            "if False:",
        ),
        f"{CURSOR}::test_token_of_another_user_is_rejected",
    ),
    "the way back from an empty page": (
        SourcePatch(
            "layers/common/pagination/paginator.py",
            "scope) if has_previous else None",
            "scope) if has_previous and keys else None",
        ),
        f"{CURSOR}::test_emptied_last_page_has_a_previous_token",
    ),
    "logs repeat nothing personal": (
        SourcePatch("layers/common/bus/base.py", ", hide_input_in_errors=True", ""),
        f"{CONSUMER}::test_invalid_message_content_is_never_logged",
    ),
    "each record for itself": (
        SourcePatch(
            "layers/common/consumer.py", "raise_on_entire_batch_failure=False", "raise_on_entire_batch_failure=True"
        ),
        f"{CONSUMER}::test_entirely_failed_batch_reports_every_record",
    ),
    "what failed is tried again soon": (
        SourcePatch("layers/common/consumer.py", "                _shorten_visibility(record, receive_count)\n", ""),
        f"{CONSUMER}::test_first_two_failures_shorten_the_visibility_timeout",
    ),
    "no timer wakes early for rounding": (
        SourcePatch("layers/common/consumer.py", "math.ceil(", "math.floor("),
        f"{CONSUMER}::test_early_timer_is_requeued_with_rounded_up_delay",
    ),
    "an outbox is published once": (
        SourcePatch(RELAY, 'new.get("outbox_version") == old.get("outbox_version")', 'not new.get("outbox_version")'),
        f"{CDC}::test_outbox_is_published_once_despite_later_changes",
    ),
    "one bad record": (
        SourcePatch(RELAY, "except Exception as error:", "except OSError as error:"),
        f"{CDC}::test_poisoned_record_is_parked_and_others_are_published",
    ),
    "entries that failed": (
        SourcePatch(
            RELAY,
            "{entry.sequence_number for entry, code in results if code and code not in _PERMANENT_ERRORS}",
            "set()",
        ),
        f"{CDC}::test_retried_stream_ends_complete_and_in_order",
    ),
    "a code that nobody knows": (
        SourcePatch(RELAY, "if code in _PERMANENT_ERRORS:", "if code and code != 'ThrottlingException':"),
        f"{CDC}::test_retryable_entry_and_all_later_records_are_retried[ACodeThatNobodyKnows]",
    ),
    "nothing overtakes": (
        SourcePatch(RELAY, "        if retried:\n            break\n", ""),
        f"{CDC}::test_no_batch_is_sent_after_retryable_entry",
    ),
    "the size of a call": (
        SourcePatch(RELAY, " or sum(queued.size for queued in batch) + entry.size > _MAX_BYTES", ""),
        f"{CDC}::test_a_call_stays_below_256_kib",
    ),
    "an item's journey": (
        SourcePatch(
            "layers/common/outbox.py", 'image.get("correlation_id") or entry["correlation"]', 'entry["correlation"]'
        ),
        f"{JOURNEY}::test_booking_events_share_the_order_correlation_id[paid_before_deadline]",
    ),
    "a booking is followed": (
        SourcePatch(
            "functions/booking/core/repository.py", "publish=publish, keep_correlation=True)", "publish=publish)"
        ),
        f"{JOURNEY}::test_booking_events_share_the_order_correlation_id[payment_declined]",
    ),
    "a payment is followed": (
        SourcePatch(
            "functions/payment/core/repository.py", "publish=publish, keep_correlation=True)", "publish=publish)"
        ),
        f"{JOURNEY}::test_booking_events_share_the_order_correlation_id[paid_before_deadline]",
    ),
    "an offered ticket is followed": (
        SourcePatch(
            "functions/ticket/core/transfers.py",
            '_CORRELATION_FIELDS = ("correlation_id",)',
            "_CORRELATION_FIELDS = ()",
        ),
        f"{JOURNEY}::test_booking_events_share_the_order_correlation_id[check_in_and_transfer_undone]",
    ),
    "whatever is logged has its journey": (
        SourcePatch("layers/common/log.py", "logger.addFilter(_add_correlation_id)\n", ""),
        f"{JOURNEY}::test_every_log_line_has_a_correlation_id[refund_bounced]",
    ),
    "a tag is no key to a booking": (
        SourcePatch(
            "functions/booking/core/repository.py", "booking is None or booking.user_id != user_id", "booking is None"
        ),
        f"{TAGS}::test_etag_of_foreign_resource_is_not_confirmed[the tag]",
    ),
    "a tag is no key to a door": (
        SourcePatch("functions/ticket/core/access.py", ' or caller.user_id in event["staff"]', " or True"),
        f"{TAGS}::test_removed_staff_cannot_poll_the_door",
    ),
    "a tag is of what is shown": (
        SourcePatch("layers/common/conditional_requests.py", "view.model_dump_json().encode()", 'b""'),
        f"{TAGS}::test_buyer_and_organiser_get_different_ticket_etags",
    ),
    "a mail has its journey": (
        SourcePatch(
            "layers/common/mail.py", '    message["X-Correlation-Id"] = correlation.current().correlation_id\n', ""
        ),
        f"{JOURNEY}::test_every_mail_has_its_correlation_id[free_booking]",
    ),
}
