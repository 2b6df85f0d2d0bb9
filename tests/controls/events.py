"""Each guard of the catalogue taken out in a copy of the sources: the test that stands for it goes red."""

from tests.support.mutation import Change

CORE = "functions/events/core"
REPOSITORY, SERVICE, PROMISES = f"{CORE}/repository.py", f"{CORE}/service.py", f"{CORE}/promises.py"
CATEGORIES, TYPES, STANDING = f"{CORE}/categories.py", f"{CORE}/event_types.py", f"{CORE}/standing.py"
FIELDS, MODEL, INDEX = f"{CORE}/fields.py", f"{CORE}/model.py", f"{CORE}/index.py"
EDITING = "tests/component/test_events_editing.py"
RENAMING, FOUND = "tests/component/test_events_categories.py", "tests/component/test_events_index.py"
ORGANISING = "tests/component/test_events_organising.py"

CONTROLS = {
    "the version that was seen": (
        Change(REPOSITORY, '_UNCHANGED = "#version = :seen"', '_UNCHANGED = "#version > :seen OR #version = :seen"'),
        f"{ORGANISING}::test_an_edit_that_another_overtook_is_refused_and_loses_nothing",
    ),
    "If-Match on the event": (
        Change(SERVICE, "    seen.check(event)\n    promises", "    promises"),
        f"{EDITING}::test_an_edit_needs_the_revision_that_it_is_of",
    ),
    "If-Match on the staff": (
        Change(SERVICE, "    seen.check(event)\n    staff", "    staff"),
        f"{ORGANISING}::test_staff_is_replaced_as_it_was_read_only",
    ),
    "the tag of all that is shown": (
        Change("layers/common/revision.py", "view.model_dump_json().encode()", 'b""'),
        "tests/component/test_polled_reads.py::test_an_event_is_sent_again_when_only_its_places_are_others",
    ),
    "If-Match on a type": (
        Change(TYPES, "    seen.check(event)\n", ""),
        f"{EDITING}::test_an_edit_needs_the_revision_that_it_is_of",
    ),
    "If-Match on a category": (
        Change(CATEGORIES, "    seen.check(category)\n", ""),
        f"{RENAMING}::test_renaming_needs_the_revision_that_was_read",
    ),
    "one's own list": (
        Change(SERVICE, "    if not caller.manages(user_id) or", "    if"),
        f"{EDITING}::test_the_list_of_somebody_else_is_not_there",
    ),
    "the list of nobody": (
        Change(SERVICE, " or not ids.possible(user_id):", ":"),
        f"{EDITING}::test_the_list_of_what_cannot_be_a_user_is_not_there_for_an_admin_either",
    ),
    "one's own event": (
        Change(REPOSITORY, ' or not caller.manages(event["organiser_id"])', ""),
        f"{EDITING}::test_what_is_not_ones_own_is_not_edited",
    ),
    "a draft that was cancelled is not public": (
        Change(
            REPOSITORY, "event is None or not promises.public(event)", 'event is None or event["status"] == "DRAFT"'
        ),
        f"{EDITING}::test_a_cancelled_draft_was_never_there",
    ),
    "nothing is told of a draft": (
        Change(REPOSITORY, "    told = promises.public(event)", "    told = True"),
        f"{EDITING}::test_a_draft_is_replaced_whole_and_nobody_is_told",
    ),
    "new terms have a new version": (
        Change(REPOSITORY, "if told and sold else {}", "if told and not sold else {}"),
        f"{EDITING}::test_new_prices_of_a_published_event_are_new_terms",
    ),
    "what is over is not edited": (
        Change(PROMISES, " or over(event, now)", ""),
        f"{EDITING}::test_what_is_over_is_not_edited_even_before_its_timer_has_come",
    ),
    "the refund's share": (
        Change(PROMISES, 'if wanted["refund_percent"] < percent:', "if False:"),
        f"{EDITING}::test_refunds_only_become_more_generous[79-48]",
    ),
    "the refund's hours": (
        Change(PROMISES, 'if percent and wanted["refund_hours"] > hours:', "if False:"),
        f"{EDITING}::test_refunds_only_become_more_generous[80-49]",
    ),
    "free stays free": (
        Change(PROMISES, 'if event["category_type"] == CategoryType.FREE != wanted["category_type"]:', "if False:"),
        f"{EDITING}::test_what_is_free_stays_free",
    ),
    "what has begun is not moved": (
        Change(PROMISES, 'if public(event) and datetime.fromisoformat(event["starts_at"]) <= now:', "if False:"),
        f"{EDITING}::test_what_has_begun_is_described_anew_but_not_moved",
    ),
    "no end in the past": (
        Change(PROMISES, 'and datetime.fromisoformat(wanted["ends_at"]) <= now', "and False"),
        f"{EDITING}::test_what_has_begun_is_described_anew_but_not_moved",
    ),
    "the currency": (
        Change(PROMISES, 'if wanted["currency"] != old["currency"]:', "if False:"),
        f"{EDITING}::test_what_was_bought_under_is_kept",
    ),
    "the capacity": (
        Change(PROMISES, 'if wanted["capacity"] != old["capacity"]:', "if False:"),
        f"{EDITING}::test_what_was_bought_under_is_kept",
    ),
    "a closed type": (
        Change(PROMISES, "if before is TypeStatus.CLOSED or not (before is after or leads):", "if False:"),
        f"{EDITING}::test_a_type_moves_as_its_table_says[CLOSED-ON_SALE]",
    ),
    "no sale after the end": (
        Change(MODEL, ' or one.get("sale_until", "") > ends_at', ""),
        f"{EDITING}::test_places_are_sold_no_longer_than_the_event_lasts[window1]",
    ),
    "no password in an address": (
        Change(FIELDS, 'if "@" in address.netloc:', "if False:"),
        f"{EDITING}::test_a_wrong_attribute_is_refused[{{'image_url': 'https://user@images.example/a.jpg'}}]",
    ),
    "no cancelling after the end": (
        Change(SERVICE, "        if promises.over(event, clock.now()):", "        if False:"),
        f"{EDITING}::test_what_is_over_is_not_cancelled",
    ),
    "the timer's time": (
        Change(SERVICE, "    if clock.now() < ends_at:", "    if False:"),
        f"{EDITING}::test_an_event_ends_at_the_time_that_it_has_by_then",
    ),
    "only what is published ends": (
        Change(SERVICE, 'if event is None or event["status"] != Status.PUBLISHED:', "if event is None:"),
        f"{EDITING}::test_a_cancelled_event_does_not_end",
    ),
    "the newest number": (
        Change(STANDING, " OR #{name}_at < :at", " OR #{name}_at <> :at"),
        f"{EDITING}::test_the_newest_capacity_is_shown_and_edits_do_not_undo_it",
    ),
    "booking's word": (
        Change(INDEX, ' and one.get("word", "available") in ("available", "few_left")', ""),
        f"{FOUND}::test_only_available_follows_bookings_word[sold_out-False]",
    ),
    "one category of a name": (
        Change(
            CATEGORIES, 'free = "attribute_not_exists(#pk) OR #category_id = :nobody"', 'free = ":nobody = :nobody"'
        ),
        f"{RENAMING}::test_a_name_that_is_taken_is_refused_and_one_that_was_left_is_free",
    ),
    "a name that was left is free": (
        Change(
            CATEGORIES, '_named(name, category["id"]), _claim(category["name"], "")', '_named(name, category["id"])'
        ),
        f"{RENAMING}::test_a_name_that_is_taken_is_refused_and_one_that_was_left_is_free",
    ),
}
