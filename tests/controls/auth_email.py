"""Negative controls of e-mail verification: without the guard, the named test fails."""

from tests.support.faults.source_patches import SourcePatch

CORE = "functions/auth/core"
EMAIL = "tests/component/auth/test_email.py"

CONTROLS = {
    "an address has one owner": (
        SourcePatch(f"{CORE}/uniqueness.py", "condition=unclaimed_or_own, values", "values"),
        f"{EMAIL}::test_concurrent_verifications_of_an_address_have_one_winner",
    ),
    "registration does not claim the address": (
        SourcePatch(
            f"{CORE}/repository.py",
            "store.transact([name,",
            "store.transact([uniqueness.claim_email(account['email'], user_id), name,",
        ),
        f"{EMAIL}::test_first_account_to_verify_owns_the_address",
    ),
    "a code expires": (
        SourcePatch(f"{CORE}/email_codes.py", ' or clock.now().timestamp() >= item["expires_at"]', ""),
        f"{EMAIL}::test_verification_code_expires_after_a_day",
    ),
    "a code is stored as a hash": (
        SourcePatch(f"{CORE}/email_codes.py", "hashlib.sha256(code.encode()).hexdigest()", "code"),
        f"{EMAIL}::test_code_is_stored_as_expiring_hash",
    ),
    "a code is deterministic": (
        SourcePatch(
            f"{CORE}/email_codes.py",
            '_derive(email_request["id"], account.id)',
            "_derive(clock.iso(clock.now()), str(id(email_request)))",
        ),
        f"{EMAIL}::test_resent_email_contains_the_same_code",
    ),
    "one resend a minute": (
        SourcePatch(f"{CORE}/email_codes.py", " OR #asked_at <= :before", " OR attribute_exists(#asked_at)"),
        f"{EMAIL}::test_resend_is_limited_to_once_a_minute",
    ),
    "five e-mails an hour": (
        SourcePatch(
            f"{CORE}/email_requests.py", " OR size(#email_requests) < :most", " OR size(#email_requests) < :gone"
        ),
        f"{EMAIL}::test_emails_to_an_address_are_rate_limited",
    ),
    "an e-mail is sent once": (
        SourcePatch(f"{CORE}/email_requests.py", 'if item and "sent_at" not in item and', "if item and"),
        f"{EMAIL}::test_email_request_delivered_twice_is_sent_once",
    ),
    "a verified account gets no code": (
        SourcePatch(f"{CORE}/email_sender.py", "if not account or account.email_verified:", "if not account:"),
        f"{EMAIL}::test_verified_user_gets_no_new_code",
    ),
    "the owner of the address is notified": (
        SourcePatch(f"{CORE}/email_sender.py", "    if owner:\n", "    if owner and not account:\n"),
        f"{EMAIL}::test_registering_a_verified_address_notifies_its_owner",
    ),
    "the newest locale is kept": (
        SourcePatch(f"{CORE}/repository.py", " OR #settings_version < :version", " OR #settings_version <> :version"),
        f"{EMAIL}::test_newest_locale_is_used_for_the_next_email",
    ),
    "publishing requires a verified e-mail": (
        SourcePatch("functions/events/http/publish_event.py", "    caller.require_verified_email()\n", ""),
        f"{EMAIL}::test_publishing_requires_a_verified_email",
    ),
    "tokens carry the verification": (
        SourcePatch(f"{CORE}/authorizer.py", '"yes" if claims.email_verified else ""', '"yes"'),
        f"{EMAIL}::test_emailed_code_verifies_address_and_refreshed_token",
    ),
}
