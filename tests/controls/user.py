"""Negative controls of user: without the guard, the named test fails."""

from tests.support.faults.source_patches import SourcePatch

SERVICE, REPOSITORY = "functions/user/core/service.py", "functions/user/core/repository.py"
DIRECTORY = "functions/user/core/directory.py"
PROFILE, SETTINGS = "tests/component/user/test_profile.py", "tests/component/user/test_settings.py"
LIST, EXPORTS = "tests/component/user/test_directory.py", "tests/component/user/test_export.py"
EXPORT, RECORDS = "functions/user/core/export.py", "layers/common/export.py"

OPEN_EVENTS, LIVE_VIEW = "tests/component/user/test_open_events.py", "functions/events/core/live_view.py"

CONTROLS = {
    "organisers of open events stay": (
        SourcePatch(SERVICE, "    _require_no_open_events(user_id)\n    erasure", "    erasure"),
        f"{OPEN_EVENTS}::test_organiser_with_open_event_cannot_be_erased[oneself]",
    ),
    "ended events are not open": (
        SourcePatch(LIVE_VIEW, " and not edit_rules.is_over(one, now)", ""),
        f"{OPEN_EVENTS}::test_organiser_can_be_erased_after_event_end",
    ),
    "unpublished events are not open": (
        SourcePatch(LIVE_VIEW, 'if one["status"] == Status.PUBLISHED and not', "if not"),
        f"{OPEN_EVENTS}::test_organiser_can_be_erased_after_cancellation",
    ),
    "access for the user and admins only": (
        SourcePatch(SERVICE, "if not caller.can_manage(user_id):", "if not user_id:"),
        f"{SETTINGS}::test_foreign_and_missing_settings_look_identical[user]",
    ),
    "a profile update requires its ETag": (
        SourcePatch(
            SERVICE,
            "current = get_profile(user_id, caller)\n    if_match.require_match(current)",
            "current = get_profile(user_id, caller)",
        ),
        f"{PROFILE}::test_update_requires_the_current_etag",
    ),
    "a settings update requires its ETag": (
        SourcePatch(
            SERVICE,
            "get_settings(user_id, caller)\n    if_match.require_match(current)",
            "get_settings(user_id, caller)",
        ),
        f"{SETTINGS}::test_update_requires_the_current_etag",
    ),
    "concurrent updates are not overwritten": (
        SourcePatch(REPOSITORY, 'condition="#version = :seen",', 'condition="attribute_exists(#pk)",'),
        f"{PROFILE}::test_concurrent_changes_have_one_winner",
    ),
    "an own write is recognised": (
        SourcePatch(REPOSITORY, "written = own_write(failure)", "written = None"),
        f"{PROFILE}::test_retried_profile_update_is_applied_once",
    ),
    "a profile is created once": (
        SourcePatch(REPOSITORY, ', condition="attribute_not_exists(#pk)")', ")"),
        f"{PROFILE}::test_duplicate_registration_event_changes_nothing",
    ),
    "updates are published": (
        SourcePatch(REPOSITORY, "publish=[event_entry(event_type)],", "publish=[],"),
        f"{SETTINGS}::test_settings_update_is_stored_and_published",
    ),
    "shards are merged": (
        SourcePatch(DIRECTORY, "heapq.merge(*streams, key", "heapq.merge(*streams[:1], key"),
        f"{LIST}::test_users_are_listed_newest_first_both_ways[5]",
    ),
    "users export their own data only": (
        SourcePatch(EXPORT, "    service.get_profile(user_id, caller)\n", ""),
        f"{EXPORTS}::test_export_of_another_user_is_not_found[user]",
    ),
    "an export token is bound to its user": (
        SourcePatch(EXPORT, 'scope = f"export/{user_id}"', 'scope = "export"'),
        f"{EXPORTS}::test_export_token_is_bound_to_its_user",
    ),
    "the export's pages are bounded": (
        SourcePatch(RECORDS, "size >= _MAX_BYTES", "size < 0"),
        "tests/unit/test_common_export.py::test_large_records_are_split_over_pages",
    ),
    "internal attributes are not exported": (
        SourcePatch(RECORDS, "if name not in hidden", "if name"),
        f"{EXPORTS}::test_export_excludes_other_users_and_internal_attributes",
    ),
    "days are listed": (
        SourcePatch(REPOSITORY, "    store.write(directory.day_item(profile))\n", ""),
        f"{LIST}::test_users_are_listed_newest_first_both_ways[5]",
    ),
}
