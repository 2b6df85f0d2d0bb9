"""Negative controls of erasure: without the guard, the named test fails."""

from tests.support.faults.source_patches import SourcePatch

USER, USERS = "tests/component/user/test_erasure.py", "functions/user/core"
AUTH, ACCOUNTS = "tests/component/auth/test_erasure.py", "functions/auth/core"
DEAD_LETTERS, PURGE = "tests/component/erasure/test_dead_letters.py", "layers/common/dead_letters.py"
ORDERS, CONTACTS = "tests/component/erasure/test_event_order.py", "functions/notify/core/contacts.py"

CONTROLS = {
    "erased profiles are hidden": (
        SourcePatch(f"{USERS}/repository.py", ' or "erased_at" in item:', ":"),
        f"{USER}::test_erased_user_cannot_be_read_or_updated",
    ),
    "a tombstone keeps listed attributes only": (
        SourcePatch(f"{USERS}/erasure.py", "removes=sorted(profile.keys() - _TOMBSTONE_ATTRIBUTES),", "removes=[],"),
        f"{USER}::test_erasure_leaves_a_tombstone[oneself]",
    ),
    "a tombstone is written once": (
        SourcePatch(f"{USERS}/erasure.py", '"erased_at" in profile or ', ""),
        f"{USER}::test_repeated_erasure_changes_and_publishes_nothing",
    ),
    "only the user and admins erase": (
        SourcePatch(f"{USERS}/service.py", "    _require_access(user_id, caller)\n    # Only", "    # Only"),
        f"{USER}::test_user_cannot_erase_another",
    ),
    "admins give up the role first": (
        SourcePatch(f"{USERS}/service.py", "        raise AdminCannotBeErased", "        pass"),
        f"{USER}::test_admin_cannot_be_erased",
    ),
    "the idempotency key stays used": (
        SourcePatch(f"{ACCOUNTS}/erasure.py", '"request_hash": "erased"', '"request_hash": "erased", "expires_at": 1'),
        f"{AUTH}::test_erasure_keeps_only_the_registration_receipt",
    ),
    "reassigned identifiers are kept": (
        SourcePatch(f"{ACCOUNTS}/erasure.py", ', condition="#user_id = :mine", values={"mine": account.id}', ""),
        f"{AUTH}::test_reassigned_email_survives_erasure",
    ),
    "late sessions are deleted": (
        SourcePatch(
            f"{ACCOUNTS}/erasure.py", '        log.count("AccountsErased")\n    _delete_other_items(user_id)\n', ""
        ),
        f"{AUTH}::test_concurrent_login_leaves_no_session_after_erasure",
    ),
    "an erased admin no longer counts": (
        SourcePatch(f"{ACCOUNTS}/erasure.py", "    if Role.ADMIN in account.roles:", "    if not account.roles:"),
        f"{AUTH}::test_erased_admin_no_longer_counts",
    ),
    "erasure runs again after the token grace": (
        SourcePatch("layers/common/erasure.py", "        raise RetryAt(second_run)", "        pass"),
        f"{AUTH}::test_second_erasure_removes_late_sessions",
    ),
    "the user's dead letters are purged": (
        SourcePatch(PURGE, "            if _user_id(message) == user_id:", "            if not _user_id(message):"),
        f"{DEAD_LETTERS}::test_purge_deletes_only_messages_of_the_user[user.on_user_erased]",
    ),
    "others' dead letters are kept": (
        SourcePatch(PURGE, "            if _user_id(message) == user_id:", "            if _user_id(message):"),
        f"{DEAD_LETTERS}::test_purge_deletes_only_messages_of_the_user[notify.on_user_erased]",
    ),
    "late registrations create no contact": (
        SourcePatch(
            CONTACTS,
            '_NOT_ERASED = "attribute_not_exists(#erased_at)"',
            '_NOT_ERASED = "attribute_not_exists(#nothing)"',
        ),
        f"{ORDERS}::test_contact_becomes_a_tombstone_in_any_order[UserErased-UserRegistered-UserUpdated]",
    ),
    "concurrently published drafts are kept": (
        SourcePatch(
            "functions/events/core/erasure.py", ', condition="#terms_version = :never", values={"never": 0}', ""
        ),
        "tests/component/events/test_erasure.py::test_erasure_keeps_draft_published_concurrently",
    ),
    "erased users get no notification": (
        SourcePatch(CONTACTS, '    if "erased_at" in item:\n        return None\n', ""),
        f"{ORDERS}::test_erased_user_gets_no_notification",
    ),
}
