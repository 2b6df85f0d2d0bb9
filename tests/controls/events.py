"""Negative controls of events: without the guard, the named test fails."""

from tests.support.faults.source_patches import SourcePatch

CORE = "functions/events/core"
REPOSITORY, SERVICE, EDIT_RULES = f"{CORE}/repository.py", f"{CORE}/service.py", f"{CORE}/edit_rules.py"
CATEGORIES, TYPES, LIVE_VIEW = f"{CORE}/categories.py", f"{CORE}/event_types.py", f"{CORE}/live_view.py"
FIELDS, MODEL, SEARCH_INDEX = f"{CORE}/fields.py", f"{CORE}/model.py", f"{CORE}/search_index.py"
EDITING_TESTS = "tests/component/events/test_editing.py"
CATEGORY_TESTS, INDEX_TESTS = "tests/component/events/test_categories.py", "tests/component/events/test_index.py"
CREATION_TESTS = "tests/component/events/test_creation.py"

CONTROLS = {
    "writes are conditional on the version": (
        SourcePatch(
            REPOSITORY,
            '_VERSION_UNCHANGED = "#version = :seen"',
            '_VERSION_UNCHANGED = "#version > :seen OR #version = :seen"',
        ),
        f"{CREATION_TESTS}::test_stale_edit_is_rejected_and_loses_nothing",
    ),
    "If-Match on the event": (
        SourcePatch(SERVICE, "    if_match.require_match(event)\n    edit_rules", "    edit_rules"),
        f"{EDITING_TESTS}::test_edit_requires_matching_etag",
    ),
    "If-Match on the staff": (
        SourcePatch(SERVICE, "    if_match.require_match(event)\n    staff", "    staff"),
        f"{CREATION_TESTS}::test_staff_edit_requires_matching_etag",
    ),
    "the ETag covers live data": (
        SourcePatch("layers/common/conditional_requests.py", "view.model_dump_json().encode()", 'b""'),
        "tests/component/events/test_conditional_requests.py::test_capacity_change_changes_the_event_etag",
    ),
    "If-Match on a type": (
        SourcePatch(TYPES, "    if_match.require_match(event)\n", ""),
        f"{EDITING_TESTS}::test_edit_requires_matching_etag",
    ),
    "If-Match on a category": (
        SourcePatch(CATEGORIES, "    if_match.require_match(category)\n", ""),
        f"{CATEGORY_TESTS}::test_rename_requires_matching_etag",
    ),
    "the list is the organiser's own": (
        SourcePatch(SERVICE, "    if not caller.can_manage(user_id) or", "    if"),
        f"{EDITING_TESTS}::test_event_list_of_another_user_is_not_found",
    ),
    "a malformed user id has no list": (
        SourcePatch(SERVICE, " or not ids.is_well_formed(user_id):", ":"),
        f"{EDITING_TESTS}::test_event_list_of_invalid_user_id_is_not_found",
    ),
    "the event is the organiser's own": (
        SourcePatch(REPOSITORY, ' or not caller.can_manage(event["organiser_id"])', ""),
        f"{EDITING_TESTS}::test_event_of_another_organiser_cannot_be_edited",
    ),
    "a cancelled draft is not public": (
        SourcePatch(
            REPOSITORY,
            "event is None or not edit_rules.is_published(event)",
            'event is None or event["status"] == "DRAFT"',
        ),
        f"{EDITING_TESTS}::test_cancelled_draft_is_not_public",
    ),
    "drafts publish nothing": (
        SourcePatch(REPOSITORY, "    is_published = edit_rules.is_published(event)", "    is_published = True"),
        f"{EDITING_TESTS}::test_draft_edit_replaces_all_fields_and_publishes_nothing",
    ),
    "changed terms increment the terms version": (
        SourcePatch(
            REPOSITORY, "if is_published and terms_changed else {}", "if is_published and not terms_changed else {}"
        ),
        f"{EDITING_TESTS}::test_price_change_raises_terms_version",
    ),
    "an event past its end is not editable": (
        SourcePatch(EDIT_RULES, " or is_over(event, now)", ""),
        f"{EDITING_TESTS}::test_event_past_its_end_cannot_be_edited",
    ),
    "the refund percentage is not reduced": (
        SourcePatch(EDIT_RULES, 'if edited["refund_percent"] < percent:', "if False:"),
        f"{EDITING_TESTS}::test_refund_terms_cannot_be_reduced_after_publication[79-48]",
    ),
    "the refund hours are not reduced": (
        SourcePatch(EDIT_RULES, 'if percent and edited["refund_hours"] > hours:', "if False:"),
        f"{EDITING_TESTS}::test_refund_terms_cannot_be_reduced_after_publication[80-49]",
    ),
    "a published free event stays free": (
        SourcePatch(
            EDIT_RULES, 'if event["category_type"] == CategoryType.FREE != edited["category_type"]:', "if False:"
        ),
        f"{EDITING_TESTS}::test_published_free_event_stays_free",
    ),
    "a started event is not moved": (
        SourcePatch(
            EDIT_RULES, 'if is_published(event) and datetime.fromisoformat(event["starts_at"]) <= now:', "if False:"
        ),
        f"{EDITING_TESTS}::test_started_event_can_be_described_but_not_moved",
    ),
    "the end is not moved into the past": (
        SourcePatch(EDIT_RULES, 'and datetime.fromisoformat(edited["ends_at"]) <= now', "and False"),
        f"{EDITING_TESTS}::test_started_event_can_be_described_but_not_moved",
    ),
    "the currency is fixed after publication": (
        SourcePatch(EDIT_RULES, 'if new["currency"] != old["currency"]:', "if False:"),
        f"{EDITING_TESTS}::test_currency_and_capacity_are_fixed_after_publication",
    ),
    "the capacity is fixed after publication": (
        SourcePatch(EDIT_RULES, 'if new["capacity"] != old["capacity"]:', "if False:"),
        f"{EDITING_TESTS}::test_currency_and_capacity_are_fixed_after_publication",
    ),
    "a closed type stays closed": (
        SourcePatch(
            EDIT_RULES, "if before is TypeStatus.CLOSED or not (before is after or is_transition):", "if False:"
        ),
        f"{EDITING_TESTS}::test_event_type_follows_its_state_machine[CLOSED-ON_SALE]",
    ),
    "no sale after the end of the event": (
        SourcePatch(MODEL, ' or event_type.get("sale_until", "") > ends_at', ""),
        f"{EDITING_TESTS}::test_sale_window_must_end_with_the_event[window1]",
    ),
    "no credentials in an image URL": (
        SourcePatch(FIELDS, 'if "@" in url.netloc:', "if False:"),
        f"{EDITING_TESTS}::test_invalid_optional_field_is_rejected[{{'image_url': 'https://user@images.example/a.jpg'}}]",
    ),
    "no cancellation after the end": (
        SourcePatch(SERVICE, "        if edit_rules.is_over(event, clock.now()):", "        if False:"),
        f"{EDITING_TESTS}::test_ended_event_cannot_be_cancelled",
    ),
    "the timer waits for the current end": (
        SourcePatch(SERVICE, "    if clock.now() < ends_at:", "    if False:"),
        f"{EDITING_TESTS}::test_event_ends_at_its_current_end_time",
    ),
    "only a published event ends": (
        SourcePatch(SERVICE, 'if event is None or event["status"] != Status.PUBLISHED:', "if event is None:"),
        f"{EDITING_TESTS}::test_a_cancelled_event_does_not_end",
    ),
    "the newest capacity wins": (
        SourcePatch(LIVE_VIEW, " OR #{attribute}_at < :at", " OR #{attribute}_at <> :at"),
        f"{EDITING_TESTS}::test_newest_capacity_survives_edits",
    ),
    "the filter uses booking's availability": (
        SourcePatch(SEARCH_INDEX, ' and event_type.get("availability", "available") in _BOOKABLE', ""),
        f"{INDEX_TESTS}::test_available_filter_follows_booking_availability[sold_out-False]",
    ),
    "category names are unique": (
        SourcePatch(CATEGORIES, '"attribute_not_exists(#pk) OR #category_id = :released"', '":released = :released"'),
        f"{CATEGORY_TESTS}::test_category_name_is_unique_until_it_is_released",
    ),
    "renaming releases the old name": (
        SourcePatch(
            CATEGORIES,
            '_claim_name(name, category["id"]), _name_put(category["name"], "")',
            '_claim_name(name, category["id"])',
        ),
        f"{CATEGORY_TESTS}::test_category_name_is_unique_until_it_is_released",
    ),
}
