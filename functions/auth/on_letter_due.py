"""LetterDue: auth's own mails go out."""

from auth.core import mailing
from common.bus.auth import LetterDue
from common.consumer import consumer_that_gives_up


@consumer_that_gives_up(by=mailing.give_up)
def handler(due: LetterDue) -> None:
    mailing.send(due)
