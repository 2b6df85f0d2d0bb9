"""Composes and sends requested e-mails: recipient, code and language."""

from auth.core import email_codes, email_requests, email_templates, repository, session_repository, uniqueness
from auth.core.email_requests import EmailKind
from common import clock, log, mail
from common.bus.auth import EmailRequested
from common.mail import Email
from common.store import Item

AddressedEmail = tuple[str, Email] | None  # the recipient's address and the e-mail; None: nothing to send


def send(event: EmailRequested) -> None:
    """Send the e-mail, normally once; a crash between sending and marking it as sent repeats it."""
    email_request = email_requests.pending(event.email_request_id)
    if not email_request:
        return
    addressed_email = _COMPOSERS[EmailKind(email_request["kind"])](email_request)
    if addressed_email:
        mail.send(*addressed_email)
    if email_requests.mark(event.email_request_id, "sent_at") and addressed_email:
        log.count("EmailsSent")


def mark_failed(event: EmailRequested) -> None:
    """Give up after the last retry; the user can request another e-mail."""
    if email_requests.mark(event.email_request_id, "failed_at"):
        log.count("EmailsFailed")


def _verification(email_request: Item) -> AddressedEmail:
    account = repository.find(email_request["account_id"])
    if not account or account.email_verified:
        return None
    email_key = uniqueness.email_key(account.email)
    if not email_requests.within_rate_limit(email_request, email_key["pk"]):
        return None
    owner = repository.find_by_key(email_key)
    if owner:
        return owner.email, email_templates.address_in_use(owner)
    return account.email, email_templates.verification(account, email_codes.issue(email_request, account))


def _password_reset(email_request: Item) -> AddressedEmail:
    accounts = repository.accounts_with_email(email_request["email_key"])
    if not accounts or not email_requests.within_rate_limit(email_request, email_request["email_key"]):
        return None
    return accounts[0].email, email_templates.password_reset(
        [(account, email_codes.issue(email_request, account)) for account in accounts]
    )


def _password_changed(email_request: Item) -> AddressedEmail:
    account = repository.find(email_request["account_id"])
    if not account:
        return None
    # The change itself ends them; this completes a change that was interrupted before.
    session_repository.revoke_older_than(
        account.id, account.min_session_version, account.exempt_session_id, clock.now()
    )
    return account.email, email_templates.password_changed(account)


_COMPOSERS = {
    EmailKind.EMAIL_VERIFICATION: _verification,
    EmailKind.PASSWORD_RESET: _password_reset,
    EmailKind.PASSWORD_CHANGED: _password_changed,
}
