"""EmailRequested: send the e-mail."""

from auth.core import email_sender
from common.bus.auth import EmailRequested
from common.consumer import consumer


@consumer(on_exhausted=email_sender.mark_failed)
def handler(event: EmailRequested) -> None:
    email_sender.send(event)
