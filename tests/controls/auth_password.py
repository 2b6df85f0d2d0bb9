"""Negative controls of passwords and sessions: without the guard, the named test fails."""

from tests.support.faults.source_patches import SourcePatch

CORE = "functions/auth/core"
PASSWORD_SOURCE, MODEL, SESSIONS = (f"{CORE}/{name}.py" for name in ("passwords", "model", "sessions"))
PASSWORDS, LIST = "tests/component/auth/test_passwords.py", "tests/component/auth/test_session_list.py"

CONTROLS: dict[str, tuple[tuple[SourcePatch, ...], str]] = {
    "roles are assigned by current admins only": (
        (
            SourcePatch(
                f"{CORE}/repository.py",
                '"contains(#user_ids, :actor)"',
                '"(attribute_exists(#user_ids) OR contains(#user_ids, :actor))"',
            ),
        ),
        "tests/component/auth/test_roles.py::test_former_admin_cannot_assign_roles",
    ),
    "a code is used once": (
        (
            SourcePatch(
                f"{CORE}/email_codes.py",
                "attribute_exists(#pk) AND attribute_not_exists(#used_at)",
                "attribute_exists(#pk)",
            ),
            SourcePatch(
                PASSWORD_SOURCE,
                "failure.failed_indexes != (0,) or not current or current.password != account.password",
                "not current",
            ),
        ),
        f"{PASSWORDS}::test_concurrent_resets_have_one_winner",
    ),
    "a code is bound to the current password": (
        (SourcePatch(PASSWORD_SOURCE, ' or code["password_version"] != account.min_session_version', ""),),
        f"{PASSWORDS}::test_password_change_invalidates_older_reset_codes[change]",
    ),
    "a code is bound to its kind": (
        (SourcePatch(f"{CORE}/email_codes.py", 'item["kind"] != kind or', ""),),
        f"{PASSWORDS}::test_code_is_valid_for_its_kind_only",
    ),
    "a password change ends sessions": (
        (
            SourcePatch(
                PASSWORD_SOURCE,
                "session_repository.revoke_older_than(account.id, account.version + 1, exempt_session_id, clock.now())",
                "pass",
            ),
        ),
        f"{PASSWORDS}::test_password_change_ends_all_other_sessions",
    ),
    "a deleted session does not stop revocation": (
        (
            SourcePatch(
                f"{CORE}/session_repository.py",
                "                with suppress(ConditionFailed):\n                    store.write(update)\n",
                "                pass\n",
            ),
        ),
        f"{PASSWORDS}::test_disappearing_session_does_not_stop_revocation",
    ),
    "sessions are revoked in batches": (
        (SourcePatch(f"{CORE}/session_repository.py", "_BATCH_SIZE = 100  #", "_BATCH_SIZE = 1  #"),),
        f"{PASSWORDS}::test_sessions_are_revoked_in_batches",
    ),
    "refreshing checks the password's version": (
        (SourcePatch(SESSIONS, " or not account.accepts_session(session)", ""),),
        f"{PASSWORDS}::test_interrupted_password_change_still_ends_sessions",
    ),
    "a login uses the current password": (
        (SourcePatch(SESSIONS, " or current.min_session_version > account.version", ""),),
        f"{PASSWORDS}::test_login_during_password_change_is_rejected",
    ),
    "the current password is verified": (
        (
            SourcePatch(
                PASSWORD_SOURCE,
                "not verify(account.password if account else None, request.old) or not",
                "not",
            ),
        ),
        f"{PASSWORDS}::test_wrong_current_password_counts_as_failed_attempt",
    ),
    "attempts are counted": (
        (SourcePatch(PASSWORD_SOURCE, "login_throttle.record_attempt(_throttle_key(account), clock.now())", "None"),),
        f"{PASSWORDS}::test_wrong_current_password_counts_as_failed_attempt",
    ),
    "only the address's owner gets a code": (
        (SourcePatch(f"{CORE}/repository.py", "([owner], None) if owner else", "([], None) if not email_key else"),),
        f"{PASSWORDS}::test_verified_address_resets_its_owner_only",
    ),
    "users end their own sessions only": (
        (SourcePatch(f"{CORE}/session_repository.py", 'condition="attribute_exists(#pk)",', "condition=None,"),),
        f"{LIST}::test_foreign_session_is_not_found[another's]",
    ),
    "device descriptions contain no client input": (
        (SourcePatch(f"{CORE}/sessions.py", "or _UNKNOWN_DEVICE", "or user_agent"),),
        f"{LIST}::test_device_description_uses_known_terms_only[hostile]",
    ),
}
