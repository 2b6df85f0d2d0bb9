"""Auth's own mails in the test system: the letters that are due go out, and their codes can be read."""

import re
from email.message import EmailMessage
from typing import Any

from common.bus.auth import LetterDue
from common.outbox import published
from infra.topology import AUTH
from local.people import CODE
from tests.support.system import System


class Post:
    """The letters of a system."""

    def __init__(self, system: System) -> None:
        self.system = system

    def due(self) -> list[LetterDue]:
        """What the bus says of the letters that have not been seen to."""
        kept = [one for one in self.system.scan(AUTH) if one["sk"] == "letter"]
        letters = [one for one in kept if not {"sent_at", "failed_at"} & one.keys()]
        letters.sort(key=lambda one: str(one["created_at"]))
        events = [event for letter in letters for event in published(letter)]
        return [event for event in events if isinstance(event, LetterDue)]

    def deliver(self) -> list[EmailMessage]:
        """Send every letter that is due. Returns what came into mailboxes thereby."""
        before = len(self.mails())
        for event in self.due():
            answer = self.system.deliver(event, "auth.on_letter_due")
            assert answer["auth.on_letter_due"]["batchItemFailures"] == [], event
        return self.mails()[before:]

    def mails(self) -> list[EmailMessage]:
        """All mails, the oldest first."""
        return self.system.mails()

    def newest(self, address: str, subject: str) -> EmailMessage:
        """The newest mail of this subject to the address."""
        return [one for one in self.mails() if (one["To"], one["Subject"]) == (address, subject)][-1]

    def code(self) -> str:
        """The code in the one mail that is due."""
        (mail,) = self.deliver()
        return codes(mail)[0]

    def verify(self, address: str) -> Any:
        """Everybody's letters go out, and the address is verified with the code that came to it."""
        (mail,) = [one for one in self.deliver() if one["To"] == address and codes(one)]
        reply = self.system.http("POST /v1/email/verify", {"token": codes(mail)[0]})
        assert reply.status == 204, reply.text
        return reply


def text(mail: EmailMessage, kind: str = "plain") -> str:
    """The mail in plain text, or in HTML."""
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def codes(mail: EmailMessage) -> list[str]:
    """The codes that stand in the mail, the same in both of its forms."""
    found: list[str] = CODE.findall(text(mail))
    assert re.findall(r"<p>([\w-]{43})</p>", text(mail, "html")) == found
    return found
