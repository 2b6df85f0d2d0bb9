"""Auth's e-mails in the test system: send pending requests and read the codes."""

import re
from email.message import EmailMessage
from typing import Any

from common.bus.auth import EmailRequested
from common.outbox import outbox_events
from infra.topology import AUTH
from local.actors import CODE_PATTERN
from tests.support.system.system import System


class AuthMailDriver:
    """The e-mails of a system."""

    def __init__(self, system: System) -> None:
        self.system = system

    def pending_requests(self) -> list[EmailRequested]:
        """The EmailRequested events that were not delivered yet."""
        requests = [one for one in self.system.scan(AUTH) if one["sk"] == "email_request"]
        pending = [one for one in requests if not {"sent_at", "failed_at"} & one.keys()]
        pending.sort(key=lambda one: str(one["created_at"]))
        events = [event for request in pending for event in outbox_events(request)]
        return [event for event in events if isinstance(event, EmailRequested)]

    def send_pending(self) -> list[EmailMessage]:
        """Send all pending e-mails and return them."""
        before = len(self.mails())
        for event in self.pending_requests():
            response = self.system.deliver(event, "auth.send_email")
            assert response["auth.send_email"]["batchItemFailures"] == [], event
        return self.mails()[before:]

    def mails(self) -> list[EmailMessage]:
        """All sent e-mails, oldest first."""
        return self.system.sent_mails()

    def latest(self, address: str, subject: str) -> EmailMessage:
        """The newest e-mail with this subject to the address."""
        return [one for one in self.mails() if (one["To"], one["Subject"]) == (address, subject)][-1]

    def send_and_read_code(self) -> str:
        """Send the only pending e-mail and return its code."""
        (mail,) = self.send_pending()
        return read_codes(mail)[0]

    def verify_address(self, address: str) -> Any:
        """Send all pending e-mails and verify the address with its code."""
        (mail,) = [one for one in self.send_pending() if one["To"] == address and read_codes(one)]
        response = self.system.http("POST /v1/email/verify", {"token": read_codes(mail)[0]})
        assert response.status == 204, response.text
        return response


def body_text(mail: EmailMessage, subtype: str = "plain") -> str:
    """The body of the e-mail in plain text or HTML."""
    body = mail.get_body((subtype,))
    assert body is not None
    return str(body.get_content())


def read_codes(mail: EmailMessage) -> list[str]:
    """The codes in the e-mail; text and HTML must have the same."""
    found: list[str] = CODE_PATTERN.findall(body_text(mail))
    assert re.findall(r"<p>([\w-]{43})</p>", body_text(mail, "html")) == found
    return found
