"""Writing the mails that auth owes: to whom, with which code, in whose language."""

from auth.core import claims, codes, letters, repository, session_repository, words
from auth.core.letters import Matter
from common import clock, log, mail
from common.bus.auth import LetterDue
from common.mail import Letter
from common.store import Item

Addressed = tuple[str, Letter] | None  # an e-mail address and what is sent there, if anything


def send(due: LetterDue) -> None:
    """Send the letter, once as far as that can be: a death before it is noted repeats it."""
    letter = letters.due(due.letter_id)
    if not letter:
        return
    written = _WRITERS[Matter(letter["matter"])](letter)
    if written:
        mail.send(*written)
    if letters.settle(due.letter_id, "sent_at") and written:
        log.count("MailsSent")


def give_up(due: LetterDue) -> None:
    """The mail could not be sent in all the tries; whoever waits for it asks for another."""
    if letters.settle(due.letter_id, "failed_at"):
        log.count("MailsFailed")


def _verify(letter: Item) -> Addressed:
    account = repository.account(letter["account_id"])
    if not account or account.email_verified:
        return None
    address = claims.of_email(account.email)
    if not letters.within_bounds(letter, address["pk"]):
        return None
    owner = repository.account_of(address)
    if owner:
        return owner.email, words.known(owner)
    return account.email, words.verify(account, codes.given(letter, account))


def _reset(letter: Item) -> Addressed:
    found = repository.holders(letter["address"])
    if not found or not letters.within_bounds(letter, letter["address"]):
        return None
    return found[0].email, words.reset([(one, codes.given(letter, one)) for one in found])


def _changed(letter: Item) -> Addressed:
    account = repository.account(letter["account_id"])
    if not account:
        return None
    # Whoever changed it has ended them; this is for a change that broke off there.
    session_repository.end_older(account.id, account.sessions_from, account.kept_session, clock.now())
    return account.email, words.changed(account)


_WRITERS = {Matter.VERIFY: _verify, Matter.RESET: _reset, Matter.CHANGED: _changed}
