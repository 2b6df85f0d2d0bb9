"""Mail: a letter as a MIME message, handed to SES."""

import base64
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from botocore.exceptions import ClientError

from common import env, trace
from common.bus.base import Locale

_CLOSING = "Ticketing"
_BREAKING = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")

# One plain address (RFC 5322's dot-atom), so that no text of a user's becomes a second one or a header.
_ADDRESS = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]+@[\w.-]+", re.ASCII)


class NotSent(Exception):
    """The mail service did not take the mail. Its own words may hold the address, so they are not repeated."""


@dataclass(frozen=True)
class Picture:
    """A picture shown in the mail, under its caption."""

    name: str
    caption: str
    png_base64: str


@dataclass(frozen=True)
class Letter:
    """One mail, without its address: plain text first; the HTML is the same words, escaped."""

    subject: str
    greeting: str
    paragraphs: tuple[str, ...]
    pictures: tuple[Picture, ...] = ()
    calendar: str | None = None
    locale: Locale = "en"

    def text(self) -> str:
        captions = tuple(one.caption for one in self.pictures)
        return "\n\n".join((self.greeting, *self.paragraphs, *captions, _CLOSING)) + "\n"

    def html(self, cids: Mapping[str, str]) -> str:
        """`cids` are the content ids of the pictures, by name."""
        words = "".join(f"<p>{html.escape(one)}</p>" for one in (self.greeting, *self.paragraphs))
        shown = "".join(_figure(one, cids[one.name]) for one in self.pictures)
        end = f"<p>{html.escape(_CLOSING)}</p>"
        return f'<!doctype html><html lang="{self.locale}"><body>{words}{shown}{end}</body></html>'


def send(address: str, letter: Letter) -> str:
    """Hand the letter to SES. Returns its message id; raises NotSent."""
    raw = mime(address, letter)
    try:
        answer = env.client("sesv2").send_email(
            FromEmailAddress=env.setting("SENDER"),
            Destination={"ToAddresses": [address]},
            Content={"Raw": {"Data": raw}},
        )
    except ClientError as error:
        raise NotSent(error.response["Error"]["Code"]) from None
    return str(answer["MessageId"])


def mime(address: str, letter: Letter) -> bytes:
    """The message as it travels: text, the same in HTML with its pictures, and the calendar file."""
    message = EmailMessage(policy=SMTP)
    message["From"] = env.setting("SENDER")
    message["To"] = _plain(address)
    # What organisers and users write must not begin a header of its own.
    message["Subject"] = _BREAKING.sub(" ", letter.subject).strip()
    message["Auto-Submitted"] = "auto-generated"
    message["X-Correlation-Id"] = trace.current().correlation_id
    message.set_content(letter.text())
    cids = {one.name: f"{one.name}@tickets" for one in letter.pictures}
    message.add_alternative(letter.html(cids), subtype="html")
    shown: Any = message.get_body(("html",))  # it was added the line before
    for one in letter.pictures:
        png, cid = base64.b64decode(one.png_base64), f"<{cids[one.name]}>"
        shown.add_related(png, "image", "png", cid=cid, filename=one.name, disposition="inline")
    if letter.calendar:
        message.add_attachment(letter.calendar, subtype="calendar", filename="event.ics", params={"method": "PUBLISH"})
    return message.as_bytes()


def _plain(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise NotSent("address")
    return address


def _figure(picture: Picture, cid: str) -> str:
    caption = html.escape(picture.caption)
    return f'<p><img src="cid:{html.escape(cid)}" alt="QR code" width="240" height="240"><br>{caption}</p>'
