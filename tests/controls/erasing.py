"""Each guard of erasing taken out in a copy of the sources: the test that stands for it goes red."""

from tests.support.mutation import Change

USER, USERS = "tests/component/test_user_erasing.py", "functions/user/core"
AUTH, ACCOUNTS = "tests/component/test_auth_erasing.py", "functions/auth/core"
DEAD, SWEEPER = "tests/component/test_erasing_dead_letters.py", "layers/common/dead_letters.py"
ORDERS, CONTACTS = "tests/component/test_erasing_orders.py", "functions/notify/core/contacts.py"

CONTROLS = {
    "an erased profile is read": (
        Change(f"{USERS}/repository.py", ' or "erased_at" in item:', ":"),
        f"{USER}::test_who_is_gone_cannot_be_read_or_changed",
    ),
    "what is not listed stays in the tombstone": (
        Change(f"{USERS}/erasing.py", "removes=sorted(before.keys() - _KEPT),", "removes=[],"),
        f"{USER}::test_of_a_profile_a_tombstone_stays[oneself]",
    ),
    "a tombstone is written again": (
        Change(f"{USERS}/erasing.py", '"erased_at" in before or ', ""),
        f"{USER}::test_erasing_again_is_harmless_and_tells_nobody",
    ),
    "anybody erases": (
        Change(f"{USERS}/service.py", "    _may(user_id, caller)\n    # Who", "    # Who"),
        f"{USER}::test_nobody_erases_another",
    ),
    "an admin goes with the role": (
        Change(f"{USERS}/service.py", "        raise AdminStays", "        pass"),
        f"{USER}::test_an_admin_gives_up_the_role_first",
    ),
    "the key that opened the account opens it again": (
        Change(f"{ACCOUNTS}/erasing.py", '"request_hash": "erased"', '"request_hash": "erased", "expires_at": 1'),
        f"{AUTH}::test_nothing_of_the_account_stays_but_the_claim_of_its_key",
    ),
    "another's name is released": (
        Change(f"{ACCOUNTS}/erasing.py", ', condition="#user_id = :mine", values={"mine": account.id}', ""),
        f"{AUTH}::test_a_name_that_is_another_s_by_now_stays_theirs",
    ),
    "sessions of the last moment stay": (
        Change(f"{ACCOUNTS}/erasing.py", '        log.count("AccountsErased")\n    _empty(user_id)\n', ""),
        f"{AUTH}::test_a_login_at_the_same_moment_opens_no_session_that_stays",
    ),
    "an erased admin still counts": (
        Change(f"{ACCOUNTS}/erasing.py", "    if Role.ADMIN in account.roles:", "    if not account.roles:"),
        f"{AUTH}::test_an_admin_who_is_erased_by_another_is_none_any_more",
    ),
    "the last words are not heard": (
        Change("layers/common/erasing.py", "        raise Later(again)", "        pass"),
        f"{AUTH}::test_what_was_written_with_the_last_token_goes_too",
    ),
    "dead letters about the person stay": (
        Change(SWEEPER, "            if _about(one) == user_id:", "            if not _about(one):"),
        f"{DEAD}::test_what_is_about_the_person_goes_from_each_queue_and_nothing_else[user.on_user_erased]",
    ),
    "dead letters about others go too": (
        Change(SWEEPER, "            if _about(one) == user_id:", "            if _about(one):"),
        f"{DEAD}::test_what_is_about_the_person_goes_from_each_queue_and_nothing_else[notify.on_user_erased]",
    ),
    "a late registration makes a contact": (
        Change(CONTACTS, '_STAYS = "attribute_not_exists(#erased_at)"', '_STAYS = "attribute_not_exists(#nothing)"'),
        f"{ORDERS}::test_in_any_order_the_contact_ends_as_a_tombstone[UserErased-UserRegistered-UserUpdated]",
    ),
    "what is published meanwhile goes": (
        Change("functions/events/core/erasing.py", ', condition="#terms_version = :never", values={"never": 0}', ""),
        "tests/component/test_events_erasing.py::test_a_draft_that_is_published_at_that_moment_stays",
    ),
    "a notification waits for who is gone": (
        Change(CONTACTS, '    if "erased_at" in found:\n        return None\n', ""),
        f"{ORDERS}::test_somebody_who_is_gone_is_told_nothing_and_nothing_waits_for_them",
    ),
}
