"""A letter as a MIME message, handed to SES."""

import base64
import re
from email.message import EmailMessage
from email.policy import SMTP

from botocore.exceptions import ClientError

from common import env
from notify.core.model import Contact
from notify.core.templates import Letter

_BREAKING = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")

# One plain address (RFC 5322's dot-atom), so that no text of a user's becomes a second one or a header.
_ADDRESS = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]+@[\w.-]+", re.ASCII)


class NotSent(Exception):
    """The mail service did not take the mail. Its own words may hold the address, so they are not repeated."""


def send(contact: Contact, letter: Letter) -> str:
    """Hand the letter to SES. Returns its message id; raises NotSent."""
    raw = mime(contact, letter)
    try:
        answer = env.client("sesv2").send_email(
            FromEmailAddress=env.setting("SENDER"),
            Destination={"ToAddresses": [contact.email]},
            Content={"Raw": {"Data": raw}},
        )
    except ClientError as error:
        raise NotSent(error.response["Error"]["Code"]) from None
    return str(answer["MessageId"])


def mime(contact: Contact, letter: Letter) -> bytes:
    """The message as it travels: text, the same in HTML with its pictures, and the calendar file."""
    message = EmailMessage(policy=SMTP)
    message["From"] = env.setting("SENDER")
    message["To"] = _address(contact)
    # What organisers and users write must not begin a header of its own.
    message["Subject"] = _BREAKING.sub(" ", letter.subject).strip()
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text())
    cids = {one.name: f"{one.name}@tickets" for one in letter.pictures}
    message.add_alternative(letter.html(cids), subtype="html")
    shown = message.get_body(("html",))
    for one in letter.pictures:
        png, cid = base64.b64decode(one.png_base64), f"<{cids[one.name]}>"
        shown.add_related(png, "image", "png", cid=cid, filename=one.name, disposition="inline")  # type: ignore[union-attr]
    if letter.calendar:
        message.add_attachment(letter.calendar, subtype="calendar", filename="event.ics", params={"method": "PUBLISH"})
    return message.as_bytes()


def _address(contact: Contact) -> str:
    if not _ADDRESS.fullmatch(contact.email):
        raise NotSent("address")
    return contact.email
