"""Each guard of verification taken out in a copy of the sources: the test that stands for it goes red."""

from tests.support.mutation import Change

CORE = "functions/auth/core"
EMAIL = "tests/component/test_auth_email.py"

CONTROLS = {
    "an address has one owner": (
        Change(f"{CORE}/claims.py", "condition=mine, values", "values"),
        f"{EMAIL}::test_of_two_who_verify_one_address_at_once_one_has_it",
    ),
    "a registration takes no address": (
        Change(
            f"{CORE}/repository.py",
            "store.transact([name,",
            "store.transact([claims.own_email(account['email'], user_id), name,",
        ),
        f"{EMAIL}::test_an_address_that_somebody_else_registered_is_its_owners_who_verifies_it",
    ),
    "a code has its time": (
        Change(f"{CORE}/codes.py", ' or clock.now().timestamp() >= found["expires_at"]', ""),
        f"{EMAIL}::test_a_code_is_good_for_a_day",
    ),
    "a code is kept as a hash": (
        Change(f"{CORE}/codes.py", "hashlib.sha256(code.encode()).hexdigest()", "code"),
        f"{EMAIL}::test_a_code_is_kept_as_a_hash_that_goes_by_itself",
    ),
    "a code is derived": (
        Change(
            f"{CORE}/codes.py",
            '_derived(letter["id"], account.id)',
            "_derived(clock.iso(clock.now()), str(id(letter)))",
        ),
        f"{EMAIL}::test_a_letter_that_is_written_again_brings_the_same_code",
    ),
    "one mail a minute": (
        Change(f"{CORE}/verification.py", " OR #asked_at <= :before", " OR attribute_exists(#asked_at)"),
        f"{EMAIL}::test_another_mail_is_sent_once_a_minute_and_every_code_is_good",
    ),
    "five mails an hour": (
        Change(f"{CORE}/letters.py", " OR size(#letters) < :most", " OR size(#letters) < :gone"),
        f"{EMAIL}::test_strangers_fill_nobodys_mailbox",
    ),
    "a letter is sent once": (
        Change(f"{CORE}/letters.py", 'if found and "sent_at" not in found and', "if found and"),
        f"{EMAIL}::test_a_letter_that_is_due_twice_is_sent_once",
    ),
    "a verified account gets no code": (
        Change(f"{CORE}/mailing.py", "if not account or account.email_verified:", "if not account:"),
        f"{EMAIL}::test_whoever_is_verified_asks_in_vain",
    ),
    "the owner is told, not asked": (
        Change(f"{CORE}/mailing.py", "    if owner:\n", "    if owner and not account:\n"),
        f"{EMAIL}::test_whoever_registers_a_verified_address_sends_its_owner_a_mail_without_a_code",
    ),
    "the newest language": (
        Change(f"{CORE}/repository.py", " OR #settings_version < :version", " OR #settings_version <> :version"),
        f"{EMAIL}::test_a_language_that_was_chosen_later_is_that_of_the_next_mail",
    ),
    "publishing needs it": (
        Change("functions/events/publish_event.py", "    caller.needs_email()\n", ""),
        f"{EMAIL}::test_publishing_needs_a_verified_address",
    ),
    "tokens say what is": (
        Change(f"{CORE}/gate.py", '"yes" if claims.email_verified else ""', '"yes"'),
        f"{EMAIL}::test_the_code_of_the_mail_verifies_the_address_and_the_next_tokens_say_so",
    ),
}
