"""The mailbox: keeps every e-mail that the system sends, and serves it as HTML and JSON.

The functions' SES calls pass through here to the emulator, which validates them. Accepted mails are stored in
memory unchanged, with attachments.

    GET /               a list as HTML         GET /messages?to=ada@example.com   the same as JSON
    GET /messages/<n>   one mail, rendered     GET /messages/<n>/raw              its MIME source
    GET /messages/<n>/attachments/<i>          one attachment
"""

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from html import escape
from typing import Any, Final

from aiohttp import ClientSession, DummyCookieJar, web
from multidict import CIMultiDict
from yarl import URL

SEND_PATH: Final = "/v2/email/outbound-emails"
UPSTREAM: Final = web.AppKey("upstream", str)
CLIENT: Final = web.AppKey("client", ClientSession)
MAILS: Final = web.AppKey("mails", list)
BY_ADDRESS: Final = web.AppKey("by_address", dict)  # mail numbers by recipient: an index, because a scan is slow
DROPPED_HEADERS: Final = frozenset({"transfer-encoding", "content-length", "content-encoding", "connection"})


def app(emulator: str) -> web.Application:
    mailbox = web.Application(client_max_size=40 * 1024 * 1024)  # the limit of SES
    mailbox[UPSTREAM] = emulator
    mailbox[MAILS] = []
    mailbox[BY_ADDRESS] = {}
    mailbox.cleanup_ctx.append(client_session)
    mailbox.router.add_get("/", render_list)
    mailbox.router.add_get("/messages", list_messages)
    mailbox.router.add_get("/messages/{n}", render_message)
    mailbox.router.add_get("/messages/{n}/raw", get_raw)
    mailbox.router.add_get("/messages/{n}/attachments/{i}", get_attachment)
    mailbox.router.add_route("*", "/v2/email/{path:.*}", forward_to_emulator)
    return mailbox


async def client_session(mailbox: web.Application) -> AsyncIterator[None]:
    async with ClientSession(cookie_jar=DummyCookieJar()) as client:
        mailbox[CLIENT] = client
        yield


async def forward_to_emulator(request: web.Request) -> web.Response:
    """Forward an SES call to the emulator; store the mail if it was accepted."""
    body = await request.read()
    url = URL(request.app[UPSTREAM] + request.raw_path, encoded=True)
    async with request.app[CLIENT].request(request.method, url, headers=request.headers, data=body) as response:
        content = await response.read()
    if request.path == SEND_PATH and response.status == 200:
        store_mail(request.app, parse_send_email(json.loads(body), json.loads(content)["MessageId"]))
    headers = CIMultiDict((k, v) for k, v in response.headers.items() if k.lower() not in DROPPED_HEADERS)
    return web.Response(status=response.status, body=content, headers=headers)


def store_mail(mailbox: web.Application, mail: EmailMessage) -> None:
    for address in recipient_addresses(mail):
        mailbox[BY_ADDRESS].setdefault(address.lower(), []).append(len(mailbox[MAILS]))
    mailbox[MAILS].append(mail)


def parse_send_email(request: dict[str, Any], message_id: str) -> EmailMessage:
    """The mail of a SendEmail request (raw or simple content), as delivered."""
    content = request["Content"]
    raw = content.get("Raw")
    mail = (
        BytesParser(_class=EmailMessage, policy=SMTP).parsebytes(base64.b64decode(raw["Data"]))
        if raw
        else compose_simple(request, content["Simple"])
    )
    for header in ("X-SES-Message-Id", "Date", "X-Envelope-To"):
        del mail[header]
    mail["X-SES-Message-Id"] = message_id
    mail["Date"] = datetime.now(UTC)
    mail["X-Envelope-To"] = ", ".join(recipients(request) or [str(mail["To"])])
    return mail


def recipients(request: dict[str, Any]) -> list[str]:
    return [address for group in request.get("Destination", {}).values() for address in group]


def compose_simple(request: dict[str, Any], simple: dict[str, Any]) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = request["FromEmailAddress"], ", ".join(request["Destination"].get("ToAddresses", []))
    mail["Subject"] = simple["Subject"]["Data"]
    mail.set_content(simple["Body"].get("Text", {}).get("Data", ""))
    if "Html" in simple["Body"]:
        mail.add_alternative(simple["Body"]["Html"]["Data"], subtype="html")
    for part in simple.get("Attachments", []):
        content_type = part.get("ContentType", "application/octet-stream").split(";")[0].split("/")
        mail.add_attachment(
            base64.b64decode(part["RawContent"]),
            maintype=content_type[0],
            subtype=content_type[1],
            filename=part["FileName"],
            cid=f"<{part['ContentId']}>" if "ContentId" in part else None,
        )
    return mail


def recipient_addresses(mail: EmailMessage) -> list[str]:
    return [address.strip() for address in mail["X-Envelope-To"].split(",")]


def body_text(mail: EmailMessage, kind: str) -> str | None:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part else None


def list_attachments(mail: EmailMessage) -> list[EmailMessage]:
    """All parts except the text bodies: attachments, inline images, a calendar."""
    bodies = [mail.get_body((kind,)) for kind in ("plain", "html")]
    leaves = [part for part in mail.walk() if not part.is_multipart()]
    return [part for part in leaves if not any(part is body for body in bodies)]


def to_json(n: int, mail: EmailMessage) -> dict[str, Any]:
    return {
        "n": n,
        "id": mail["X-SES-Message-Id"],
        "from": mail["From"],
        "to": recipient_addresses(mail),
        "subject": mail["Subject"],
        "sent_at": mail["Date"].datetime.isoformat(),
        "text": body_text(mail, "plain"),
        "html": body_text(mail, "html"),
        "attachments": [
            {
                "name": part.get_filename(),
                "content_type": part.get_content_type(),
                "content_id": part["Content-ID"],
                "data": base64.b64encode(decode_payload(part)).decode(),
            }
            for part in list_attachments(mail)
        ],
    }


def decode_payload(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


async def list_messages(request: web.Request) -> web.Response:
    to = request.query.get("to", "").lower()
    mails = request.app[MAILS]
    numbers = request.app[BY_ADDRESS].get(to, []) if to else range(len(mails))
    return web.json_response({"messages": [to_json(n, mails[n]) for n in numbers]})


async def render_list(request: web.Request) -> web.Response:
    mails = request.app[MAILS]
    rows = "".join(
        f"<tr><td>{escape(str(mail['Date']))}<td>{escape(mail['X-Envelope-To'])}"
        f'<td><a href="/messages/{n}">{escape(str(mail["Subject"]))}</a>'
        for n, mail in reversed(list(enumerate(mails)))
    )
    return page(f"<h1>Mailbox</h1><table><tr><th>sent<th>to<th>subject{rows}</table>")


async def render_message(request: web.Request) -> web.Response:
    mail, n = requested_mail(request), request.match_info["n"]
    links, body = "", body_text(mail, "html") or f"<pre>{escape(body_text(mail, 'plain') or '')}</pre>"
    for i, part in enumerate(list_attachments(mail)):
        url = f"/messages/{n}/attachments/{i}"
        links += f' <a href="{url}">{escape(part.get_filename() or part.get_content_type())}</a>'
        if part["Content-ID"]:
            body = body.replace(f"cid:{part['Content-ID'].strip('<>')}", url)
    frame = f'<iframe sandbox style="width:100%;height:80vh;border:0" srcdoc="{escape(body)}"></iframe>'
    return page(f'<p><a href="/">all</a> <a href="/messages/{n}/raw">raw</a>{links}</p>{frame}')


async def get_raw(request: web.Request) -> web.Response:
    return web.Response(body=requested_mail(request).as_bytes(), content_type="text/plain")


async def get_attachment(request: web.Request) -> web.Response:
    parts = list_attachments(requested_mail(request))
    i = int(request.match_info["i"]) if request.match_info["i"].isdigit() else len(parts)
    if i >= len(parts):
        raise web.HTTPNotFound
    return web.Response(body=decode_payload(parts[i]), content_type=parts[i].get_content_type())


def requested_mail(request: web.Request) -> EmailMessage:
    mails: list[EmailMessage] = request.app[MAILS]
    n = request.match_info["n"]
    if not n.isdigit() or int(n) >= len(mails):
        raise web.HTTPNotFound
    return mails[int(n)]


def page(body: str) -> web.Response:
    style = "body{font:16px sans-serif;margin:2rem}td,th{text-align:left;padding:.2rem 1rem}"
    return web.Response(
        text=f"<!doctype html><meta charset=utf-8><title>Mailbox</title><style>{style}</style>{body}",
        content_type="text/html",
    )
