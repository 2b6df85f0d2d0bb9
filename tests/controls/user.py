"""Each guard of user taken out in a copy of the sources: the test that stands for it goes red."""

from tests.support.mutation import Change

SERVICE, REPOSITORY = "functions/user/core/service.py", "functions/user/core/repository.py"
DIRECTORY = "functions/user/core/directory.py"
PROFILE, SETTINGS = "tests/component/test_user_profile.py", "tests/component/test_user_settings.py"
LIST, COPY = "tests/component/test_user_directory.py", "tests/component/test_user_export.py"
EXPORT, READING = "functions/user/core/export.py", "layers/common/export.py"

ORGANISING, STANDING = "tests/component/test_user_organising.py", "functions/events/core/standing.py"

CONTROLS = {
    "no open events": (
        Change(SERVICE, "    _leaves_nothing_open(user_id)\n    erasing", "    erasing"),
        f"{ORGANISING}::test_with_an_open_event_nobody_leaves[oneself]",
    ),
    "what is over is not open": (
        Change(STANDING, " and not promises.over(one, now)", ""),
        f"{ORGANISING}::test_once_it_is_over_they_may_even_if_its_item_does_not_say_so_yet",
    ),
    "what is not published is not open": (
        Change(STANDING, 'if one["status"] == Status.PUBLISHED and not', "if not"),
        f"{ORGANISING}::test_once_it_is_cancelled_they_may",
    ),
    "oneself or an admin": (
        Change(SERVICE, "if not caller.manages(user_id):", "if not user_id:"),
        f"{SETTINGS}::test_another_s_settings_and_nobody_s_are_answered_alike[user]",
    ),
    "the profile that was read": (
        Change(
            SERVICE, "before = profile(user_id, caller)\n    seen.check(before)", "before = profile(user_id, caller)"
        ),
        f"{PROFILE}::test_an_edit_is_of_what_was_read",
    ),
    "the settings that were read": (
        Change(SERVICE, "settings(user_id, caller)\n    seen.check(before)", "settings(user_id, caller)"),
        f"{SETTINGS}::test_an_edit_is_of_what_was_read",
    ),
    "nothing is overwritten": (
        Change(REPOSITORY, 'condition="#version = :seen",', 'condition="attribute_exists(#pk)",'),
        f"{PROFILE}::test_of_two_changes_at_once_one_is_made",
    ),
    "one's own work": (
        Change(REPOSITORY, "written = mine(failure)", "written = None"),
        f"{PROFILE}::test_a_change_whose_reply_was_lost_is_made_once",
    ),
    "a user is made once": (
        Change(REPOSITORY, ', condition="attribute_not_exists(#pk)")', ")"),
        f"{PROFILE}::test_a_registration_that_is_heard_twice_changes_nothing",
    ),
    "the others are told": (
        Change(REPOSITORY, "publish=[entry(told)],", "publish=[],"),
        f"{SETTINGS}::test_settings_are_replaced_and_the_others_are_told",
    ),
    "shards are merged": (
        Change(DIRECTORY, "heapq.merge(*streams, key", "heapq.merge(*streams[:1], key"),
        f"{LIST}::test_everybody_is_listed_once_newest_first_and_back_again[5]",
    ),
    "a copy is one's own": (
        Change(EXPORT, "    service.profile(user_id, caller)\n", ""),
        f"{COPY}::test_another_s_copy_is_nobody_s[user]",
    ),
    "a copy's token is bound to it": (
        Change(EXPORT, 'scope = f"export/{user_id}"', 'scope = "export"'),
        f"{COPY}::test_a_token_is_for_this_copy_only",
    ),
    "an answer is bounded": (
        Change(READING, "size >= _BYTES", "size < 0"),
        "tests/unit/test_common_export.py::test_large_records_are_spread_over_answers",
    ),
    "bookkeeping is left out": (
        Change(READING, "if name not in hidden", "if name"),
        f"{COPY}::test_nothing_of_anybody_else_and_no_bookkeeping_is_in_it",
    ),
    "days are noted": (
        Change(REPOSITORY, "    store.write(directory.day(profile))\n", ""),
        f"{LIST}::test_everybody_is_listed_once_newest_first_and_back_again[5]",
    ),
}
