"""The mailbox stores raw and simple mails as their recipient would get them."""

import base64
from email.message import EmailMessage
from typing import Any

import pytest

from local.mailbox import parse_send_email, to_json

PICTURE, CALENDAR = b"\x89PNG\x00", b"BEGIN:VCALENDAR"


def raw() -> dict[str, Any]:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "us@example.com", "Ada <ada@example.com>", "Grüße"
    mail.set_content("plain")
    mail.add_alternative("<img src='cid:qr'>", subtype="html")
    mail.add_attachment(PICTURE, maintype="image", subtype="png", filename="qr.png", cid="<qr>")
    mail.add_attachment(CALENDAR, maintype="text", subtype="calendar", filename="event.ics")
    data = base64.b64encode(mail.as_bytes()).decode()
    return {"Destination": {"ToAddresses": ["ada@example.com"]}, "Content": {"Raw": {"Data": data}}}


def simple() -> dict[str, Any]:
    parts = [("qr.png", "image/png", PICTURE, "qr"), ("event.ics", "text/calendar", CALENDAR, None)]
    attachments = [
        {"FileName": name, "ContentType": kind, "RawContent": base64.b64encode(content).decode()}
        | ({"ContentId": cid} if cid else {})
        for name, kind, content, cid in parts
    ]
    body = {"Text": {"Data": "plain"}, "Html": {"Data": "<img src='cid:qr'>"}}
    return {
        "FromEmailAddress": "us@example.com",
        "Destination": {"ToAddresses": ["ada@example.com"]},
        "Content": {"Simple": {"Subject": {"Data": "Grüße"}, "Body": body, "Attachments": attachments}},
    }


@pytest.mark.parametrize("call", [raw(), simple()], ids=["raw", "simple"])
def test_a_mail_keeps_its_texts_and_attachments(call: dict[str, Any]) -> None:
    stored = to_json(0, parse_send_email(call, "id-1"))

    assert (stored["id"], stored["to"], stored["subject"]) == ("id-1", ["ada@example.com"], "Grüße")
    assert (stored["text"].strip(), stored["html"].strip()) == ("plain", "<img src='cid:qr'>")
    parts = {part["name"]: part for part in stored["attachments"]}
    assert base64.b64decode(parts["qr.png"]["data"]) == PICTURE
    assert parts["qr.png"]["content_id"] == "<qr>"
    assert base64.b64decode(parts["event.ics"]["data"]).strip() == CALENDAR
