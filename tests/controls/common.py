"""Each guard of the shared edges and of cdc taken out in a copy of the sources: its test goes red."""

from tests.support.mutation import Change

API, REQUEST = "tests/unit/test_common_api.py", "tests/unit/test_common_request.py"
STORE, OUTBOX = "tests/component/test_common_store.py", "tests/component/test_common_outbox.py"
CURSOR, CONSUMER = "tests/component/test_common_cursor.py", "tests/component/test_common_consumer.py"
TAGS = "tests/saga/test_tags.py"
JOURNEY = "tests/saga/test_correlation.py"
CDC, RELAY = "tests/component/test_cdc_relay.py", "functions/cdc/core/relay.py"

CONTROLS = {
    "a route's role": (
        Change("layers/common/api.py", "            known.needs(role)", "            known.roles"),
        f"{API}::test_a_route_demands_its_role_before_anything_else",
    ),
    "problems are always written": (
        Change("layers/common/api.py", ", default=str)", ")"),
        f"{API}::test_a_member_that_json_does_not_know_is_told_as_text",
    ),
    "no answer is no fault of ours": (
        Change("layers/common/patience.py", "NotNow | Unconnected | HTTPClientError", "NotNow"),
        f"{API}::test_aws_that_does_not_answer_is_503_too[ReadTimeoutError]",
    ),
    "the fixed members of a problem": (
        Change("layers/common/problems.py", "self.members | document", "document | self.members"),
        f"{API}::test_a_member_cannot_replace_what_every_problem_has",
    ),
    "halves of surrogate pairs": (
        Change("layers/common/body.py", "if _LONE.search(", "if not _LONE.search("),
        f"{REQUEST}::test_what_is_well_formed_is_read",
    ),
    "keys given twice": (
        Change("layers/common/body.py", "object_pairs_hook=_unique, ", ""),
        f"{REQUEST}::test_what_is_not_one_sane_json_document_is_400",
    ),
    "depth": (
        Change("layers/common/body.py", "MAX_DEPTH = 20", "MAX_DEPTH = 10**9"),
        f"{REQUEST}::test_what_is_not_one_sane_json_document_is_400",
    ),
    "paths that name nothing": (
        Change("layers/common/request.py", "len(value) > _PATH or not value.isprintable()", "len(value) > 10**9"),
        f"{REQUEST}::test_a_path_that_names_nothing_is_404",
    ),
    "nothing but a conflict is repeated": (
        Change("layers/common/patience.py", "return _reasons(error) <= _CONFLICTS\n", "return True\n"),
        f"{STORE}::test_nothing_but_a_conflict_is_tried_again",
    ),
    "one token for all tries": (
        Change("layers/common/store.py", "_tables().transact(writes, token)", "_tables().transact(writes, ids.new())"),
        f"{STORE}::test_a_transaction_keeps_its_token_over_its_own_retries",
    ),
    "unread keys": (
        Change("layers/common/store.py", "        if not keys:\n            return\n", "        return\n"),
        f"{STORE}::test_unread_keys_are_asked_for_again_after_a_pause",
    ),
    "the operation is one's own": (
        Change("layers/common/outbox.py", 'old.get("operation") == trace.current().operation', 'old.get("operation")'),
        f"{OUTBOX}::test_mine_is_what_this_operation_wrote",
    ),
    "ids differ by version": (
        Change("layers/common/outbox.py", 'item["sk"], version, event', 'item["sk"], 1, event'),
        f"{OUTBOX}::test_ids_repeat_for_the_same_and_differ_for_any_other_place",
    ),
    "page tokens are signed": (
        Change("layers/common/cursor.py", "if not hmac.compare_digest(signature, _sign(body, scope)):", "if False:"),
        f"{CURSOR}::test_a_token_of_another_user_is_refused",
    ),
    "the way back from an empty page": (
        Change("layers/common/cursor.py", "scope) if back else None", "scope) if back and keys else None"),
        f"{CURSOR}::test_from_a_page_that_became_empty_the_way_back_is_open",
    ),
    "logs repeat nothing personal": (
        Change("layers/common/bus/base.py", ", hide_input_in_errors=True", ""),
        f"{CONSUMER}::test_a_message_that_does_not_fit_is_not_repeated_in_any_log",
    ),
    "each record for itself": (
        Change(
            "layers/common/consumer.py", "raise_on_entire_batch_failure=False", "raise_on_entire_batch_failure=True"
        ),
        f"{CONSUMER}::test_a_batch_that_fails_whole_is_reported_record_by_record",
    ),
    "what failed is tried again soon": (
        Change("layers/common/consumer.py", "                _hasten(record, tries)\n", ""),
        f"{CONSUMER}::test_what_failed_is_tried_again_soon_at_first_and_then_when_the_queues_time_is_over",
    ),
    "no timer wakes early for rounding": (
        Change("layers/common/consumer.py", "math.ceil(", "math.floor("),
        f"{CONSUMER}::test_a_timer_that_woke_early_sends_itself_again_and_never_wakes_early_for_rounding",
    ),
    "an outbox is published once": (
        Change(RELAY, 'new.get("outbox_version") == old.get("outbox_version")', 'not new.get("outbox_version")'),
        f"{CDC}::test_an_outbox_is_published_once_however_often_its_item_changes",
    ),
    "one bad record": (
        Change(RELAY, "except Exception as error:", "except OSError as error:"),
        f"{CDC}::test_a_poisoned_record_is_parked_and_the_others_go_on",
    ),
    "entries that failed": (
        Change(RELAY, "{one.record for one, code in codes if code and code not in _CONTENT}", "set()"),
        f"{CDC}::test_a_stream_that_is_sent_again_from_there_ends_complete_and_in_order",
    ),
    "a code that nobody knows": (
        Change(RELAY, "if code in _CONTENT:", "if code and code != 'ThrottlingException':"),
        f"{CDC}::test_from_an_entry_that_must_wait_on_all_come_again[ACodeThatNobodyKnows]",
    ),
    "nothing overtakes": (
        Change(RELAY, "        if again:\n            break\n", ""),
        f"{CDC}::test_nothing_overtakes_an_entry_that_must_wait",
    ),
    "the size of a call": (
        Change(RELAY, " or sum(each.size for each in batch) + one.size > _BYTES", ""),
        f"{CDC}::test_a_call_stays_below_256_kib",
    ),
    "an item's journey": (
        Change("layers/common/outbox.py", 'image.get("correlation_id") or said["correlation"]', 'said["correlation"]'),
        f"{JOURNEY}::test_all_that_is_told_of_a_booking_carries_the_id_of_the_request_that_ordered_it[paid_in_time]",
    ),
    "a booking is followed": (
        Change("functions/booking/core/repository.py", "publish=publish, followed=True)", "publish=publish)"),
        f"{JOURNEY}::test_all_that_is_told_of_a_booking_carries_the_id_of_the_request_that_ordered_it[declined]",
    ),
    "a payment is followed": (
        Change("functions/payment/core/repository.py", "publish=publish, followed=True)", "publish=publish)"),
        f"{JOURNEY}::test_all_that_is_told_of_a_booking_carries_the_id_of_the_request_that_ordered_it[paid_in_time]",
    ),
    "an offered ticket is followed": (
        Change("functions/ticket/core/transfers.py", '_JOURNEY = ("correlation_id",)', "_JOURNEY = ()"),
        f"{JOURNEY}::test_all_that_is_told_of_a_booking_carries_the_id_of_the_request_that_ordered_it[taken_back]",
    ),
    "whatever is logged has its journey": (
        Change("layers/common/log.py", "logger.addFilter(_follow)\n", ""),
        f"{JOURNEY}::test_no_line_is_without_a_journey[bounced]",
    ),
    "a tag is no key to a booking": (
        Change(
            "functions/booking/core/repository.py", "booking is None or booking.user_id != user_id", "booking is None"
        ),
        f"{TAGS}::test_what_is_anothers_is_not_confirmed[the tag]",
    ),
    "a tag is no key to a door": (
        Change("functions/ticket/core/access.py", ' or caller.user_id in event["staff"]', " or True"),
        f"{TAGS}::test_who_is_no_staff_any_more_is_told_nothing_of_the_door",
    ),
    "a tag is of what is shown": (
        Change("layers/common/revision.py", "view.model_dump_json().encode()", 'b""'),
        f"{TAGS}::test_the_buyer_and_the_organiser_have_tags_of_their_own_of_one_ticket",
    ),
    "a mail has its journey": (
        Change("layers/common/mail.py", '    message["X-Correlation-Id"] = trace.current().correlation_id\n', ""),
        f"{JOURNEY}::test_every_mail_carries_the_journey_of_what_it_tells[free]",
    ),
}
