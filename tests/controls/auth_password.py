"""Each guard of passwords and sessions taken out in a copy of the sources: the test that stands for it goes red."""

from tests.support.mutation import Change

CORE = "functions/auth/core"
CHANGES, MODEL, SESSIONS = (f"{CORE}/{name}.py" for name in ("password_changes", "model", "sessions"))
PASSWORDS, LIST = "tests/component/test_auth_passwords.py", "tests/component/test_auth_session_list.py"

CONTROLS: dict[str, tuple[tuple[Change, ...], str]] = {
    "roles are given by who is an admin now": (
        (
            Change(
                f"{CORE}/repository.py",
                '"contains(#user_ids, :actor)"',
                '"(attribute_exists(#user_ids) OR contains(#user_ids, :actor))"',
            ),
        ),
        "tests/component/test_auth_roles.py::test_who_was_an_admin_until_a_moment_ago_gives_no_roles",
    ),
    "a code is used once": (
        (
            Change(
                f"{CORE}/codes.py", "attribute_exists(#pk) AND attribute_not_exists(#used_at)", "attribute_exists(#pk)"
            ),
            Change(CHANGES, "failure.failed != (0,) or not found or found.password != account.password", "not found"),
        ),
        f"{PASSWORDS}::test_of_two_resets_at_once_one_wins",
    ),
    "a code is of this password": (
        (Change(CHANGES, ' or code["password_version"] != account.sessions_from', ""),),
        f"{PASSWORDS}::test_a_code_of_before_another_change_is_worth_nothing[change]",
    ),
    "a code is for one thing": (
        (Change(f"{CORE}/codes.py", 'found["matter"] != matter or', ""),),
        f"{PASSWORDS}::test_a_code_for_one_thing_does_no_other",
    ),
    "the sessions end": (
        (Change(CHANGES, "session_repository.end_older(account.id, account.version + 1, keep, clock.now())", "pass"),),
        f"{PASSWORDS}::test_a_change_ends_every_session_but_ones_own",
    ),
    "one that is gone keeps no other": (
        (
            Change(
                f"{CORE}/session_repository.py",
                "                with suppress(ConditionFailed):\n                    store.write(one)\n",
                "                pass\n",
            ),
        ),
        f"{PASSWORDS}::test_a_session_that_goes_while_all_end_keeps_none_of_the_others",
    ),
    "many at once": (
        (Change(f"{CORE}/session_repository.py", "_AT_ONCE = 100  #", "_AT_ONCE = 1  #"),),
        f"{PASSWORDS}::test_very_many_sessions_end_in_few_writes",
    ),
    "refreshing looks at the password": (
        (Change(SESSIONS, " or not account.admits(session)", ""),),
        f"{PASSWORDS}::test_a_change_that_broke_off_ends_the_sessions_all_the_same",
    ),
    "a login is with the password of now": (
        (Change(SESSIONS, " or account.sessions_from > proved.version", ""),),
        f"{PASSWORDS}::test_a_login_that_meets_the_change_opens_no_session",
    ),
    "the old password": (
        (Change(CHANGES, "not passwords.matches(account.password if account else None, request.old) or not", "not"),),
        f"{PASSWORDS}::test_a_wrong_old_password_is_refused_and_counts_as_an_attempt",
    ),
    "attempts are counted": (
        (Change(CHANGES, "attempts.charge(_name(account), clock.now())", "None"),),
        f"{PASSWORDS}::test_a_wrong_old_password_is_refused_and_counts_as_an_attempt",
    ),
    "the owner alone is asked": (
        (Change(f"{CORE}/repository.py", "([owner], None) if owner else", "([], None) if not address else"),),
        f"{PASSWORDS}::test_of_a_verified_address_its_owner_alone_is_asked",
    ),
    "one's own sessions": (
        (Change(f"{CORE}/session_repository.py", 'condition="attribute_exists(#pk)",', "condition=None,"),),
        f"{LIST}::test_a_session_that_is_not_ones_own_is_unknown[another's]",
    ),
    "no words of the client's": (
        (Change(f"{CORE}/devices.py", "or _UNKNOWN", "or agent"),),
        f"{LIST}::test_a_device_is_named_in_our_words[hostile]",
    ),
}
