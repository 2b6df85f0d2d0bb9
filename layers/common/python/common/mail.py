"""E-mail: build a MIME message and send it through SES."""

import base64
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from botocore.exceptions import ClientError

from common import correlation, env
from common.bus.base import Locale

_CLOSING = "Ticketing"
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")

# One plain address (RFC 5322, dot-atom): user input must not add a second recipient or a header.
_ADDRESS = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]+@[\w.-]+", re.ASCII)


class EmailNotSent(Exception):
    """SES rejected the e-mail. Carries the error code only: SES's message may contain the address."""


@dataclass(frozen=True)
class InlineImage:
    """An inline PNG image with a caption."""

    name: str
    caption: str
    png_base64: str


@dataclass(frozen=True)
class Email:
    """The content of an e-mail, without its address. The HTML part has the same text as the plain part, escaped."""

    subject: str
    greeting: str
    paragraphs: tuple[str, ...]
    images: tuple[InlineImage, ...] = ()
    calendar: str | None = None
    locale: Locale = "en"

    def text(self) -> str:
        captions = tuple(one.caption for one in self.images)
        return "\n\n".join((self.greeting, *self.paragraphs, *captions, _CLOSING)) + "\n"

    def html(self, cids: Mapping[str, str]) -> str:
        """The HTML part; `cids` maps image names to content ids (RFC 2392)."""
        paragraphs = "".join(f"<p>{html.escape(one)}</p>" for one in (self.greeting, *self.paragraphs))
        images = "".join(_image_html(one, cids[one.name]) for one in self.images)
        closing = f"<p>{html.escape(_CLOSING)}</p>"
        return f'<!doctype html><html lang="{self.locale}"><body>{paragraphs}{images}{closing}</body></html>'


def send(address: str, email: Email) -> str:
    """Send the e-mail through SES and return its message id. Raises EmailNotSent."""
    raw = to_mime(address, email)
    try:
        response = env.client("sesv2").send_email(
            FromEmailAddress=env.setting("SENDER"),
            Destination={"ToAddresses": [address]},
            Content={"Raw": {"Data": raw}},
        )
    except ClientError as error:
        raise EmailNotSent(error.response["Error"]["Code"]) from None
    return str(response["MessageId"])


def to_mime(address: str, email: Email) -> bytes:
    """Build the MIME message: plain text, HTML with inline images, iCalendar attachment. Raises EmailNotSent."""
    message = EmailMessage(policy=SMTP)
    message["From"] = env.setting("SENDER")
    message["To"] = _validated_address(address)
    # User input in the subject must not inject a header.
    message["Subject"] = _CONTROL_CHARACTERS.sub(" ", email.subject).strip()
    message["Auto-Submitted"] = "auto-generated"
    message["X-Correlation-Id"] = correlation.current().correlation_id
    message.set_content(email.text())
    cids = {one.name: f"{one.name}@tickets" for one in email.images}
    message.add_alternative(email.html(cids), subtype="html")
    html_part: Any = message.get_body(("html",))  # added by the previous line
    for image in email.images:
        png, cid = base64.b64decode(image.png_base64), f"<{cids[image.name]}>"
        html_part.add_related(png, "image", "png", cid=cid, filename=image.name, disposition="inline")
    if email.calendar:
        message.add_attachment(email.calendar, subtype="calendar", filename="event.ics", params={"method": "PUBLISH"})
    return message.as_bytes()


def _validated_address(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise EmailNotSent("address")
    return address


def _image_html(image: InlineImage, cid: str) -> str:
    caption = html.escape(image.caption)
    return f'<p><img src="cid:{html.escape(cid)}" alt="QR code" width="240" height="240"><br>{caption}</p>'
