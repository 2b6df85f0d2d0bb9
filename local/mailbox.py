"""The mailbox: every mail that the system sends, to be read by a person or by a test.

The functions' SES calls pass through here to the emulator, which decides whether the mail may be sent.
What it accepts is kept as it was sent, with attachments, for as long as this process lives.

    GET /               a list for people      GET /messages?to=ada@example.com   the same as JSON
    GET /messages/<n>   one mail, rendered     GET /messages/<n>/raw              as it was sent
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

SEND: Final = "/v2/email/outbound-emails"
UPSTREAM: Final = web.AppKey("upstream", str)
CLIENT: Final = web.AppKey("client", ClientSession)
MAILS: Final = web.AppKey("mails", list)
BY_ADDRESS: Final = web.AppKey("by_address", dict)  # the numbers of its mails; they are thousands, and asked for often
NOT_PASSED_ON: Final = frozenset({"transfer-encoding", "content-length", "content-encoding", "connection"})


def app(emulator: str) -> web.Application:
    mailbox = web.Application(client_max_size=40 * 1024 * 1024)  # SES takes up to 40 MB
    mailbox[UPSTREAM] = emulator
    mailbox[MAILS] = []
    mailbox[BY_ADDRESS] = {}
    mailbox.cleanup_ctx.append(one_client)
    mailbox.router.add_get("/", show_list)
    mailbox.router.add_get("/messages", list_messages)
    mailbox.router.add_get("/messages/{n}", show_message)
    mailbox.router.add_get("/messages/{n}/raw", show_raw)
    mailbox.router.add_get("/messages/{n}/attachments/{i}", show_attachment)
    mailbox.router.add_route("*", "/v2/email/{path:.*}", pass_on)
    return mailbox


async def one_client(mailbox: web.Application) -> AsyncIterator[None]:
    async with ClientSession(cookie_jar=DummyCookieJar()) as client:
        mailbox[CLIENT] = client
        yield


async def pass_on(request: web.Request) -> web.Response:
    """Hand an SES call to the emulator; keep the mail if it was accepted."""
    body = await request.read()
    url = URL(request.app[UPSTREAM] + request.raw_path, encoded=True)
    async with request.app[CLIENT].request(request.method, url, headers=request.headers, data=body) as answer:
        content = await answer.read()
    if request.path == SEND and answer.status == 200:
        keep(request.app, message_of(json.loads(body), json.loads(content)["MessageId"]))
    headers = CIMultiDict((k, v) for k, v in answer.headers.items() if k.lower() not in NOT_PASSED_ON)
    return web.Response(status=answer.status, body=content, headers=headers)


def keep(mailbox: web.Application, mail: EmailMessage) -> None:
    for address in addresses_of(mail):
        mailbox[BY_ADDRESS].setdefault(address.lower(), []).append(len(mailbox[MAILS]))
    mailbox[MAILS].append(mail)


def message_of(call: dict[str, Any], message_id: str) -> EmailMessage:
    """The mail of a SendEmail call (raw or simple content) as its reader would get it."""
    content = call["Content"]
    raw = content.get("Raw")
    mail = (
        BytesParser(_class=EmailMessage, policy=SMTP).parsebytes(base64.b64decode(raw["Data"]))
        if raw
        else composed(call, content["Simple"])
    )
    for header in ("X-SES-Message-Id", "Date", "X-Envelope-To"):
        del mail[header]
    mail["X-SES-Message-Id"] = message_id
    mail["Date"] = datetime.now(UTC)
    mail["X-Envelope-To"] = ", ".join(receivers(call) or [str(mail["To"])])
    return mail


def receivers(call: dict[str, Any]) -> list[str]:
    return [address for group in call.get("Destination", {}).values() for address in group]


def composed(call: dict[str, Any], simple: dict[str, Any]) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = call["FromEmailAddress"], ", ".join(call["Destination"].get("ToAddresses", []))
    mail["Subject"] = simple["Subject"]["Data"]
    mail.set_content(simple["Body"].get("Text", {}).get("Data", ""))
    if "Html" in simple["Body"]:
        mail.add_alternative(simple["Body"]["Html"]["Data"], subtype="html")
    for part in simple.get("Attachments", []):
        kind = part.get("ContentType", "application/octet-stream").split(";")[0].split("/")
        mail.add_attachment(
            base64.b64decode(part["RawContent"]),
            maintype=kind[0],
            subtype=kind[1],
            filename=part["FileName"],
            cid=f"<{part['ContentId']}>" if "ContentId" in part else None,
        )
    return mail


def addresses_of(mail: EmailMessage) -> list[str]:
    return [address.strip() for address in mail["X-Envelope-To"].split(",")]


def text_of(mail: EmailMessage, kind: str) -> str | None:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part else None


def attachments_of(mail: EmailMessage) -> list[EmailMessage]:
    """Everything that is not the text: attached or inline, a calendar file among them."""
    bodies = [mail.get_body((kind,)) for kind in ("plain", "html")]
    leaves = [part for part in mail.walk() if not part.is_multipart()]
    return [part for part in leaves if not any(part is body for body in bodies)]


def as_json(n: int, mail: EmailMessage) -> dict[str, Any]:
    return {
        "n": n,
        "id": mail["X-SES-Message-Id"],
        "from": mail["From"],
        "to": addresses_of(mail),
        "subject": mail["Subject"],
        "sent_at": mail["Date"].datetime.isoformat(),
        "text": text_of(mail, "plain"),
        "html": text_of(mail, "html"),
        "attachments": [
            {
                "name": part.get_filename(),
                "content_type": part.get_content_type(),
                "content_id": part["Content-ID"],
                "data": base64.b64encode(payload_of(part)).decode(),
            }
            for part in attachments_of(mail)
        ],
    }


def payload_of(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


async def list_messages(request: web.Request) -> web.Response:
    to = request.query.get("to", "").lower()
    mails = request.app[MAILS]
    wanted = request.app[BY_ADDRESS].get(to, []) if to else range(len(mails))
    return web.json_response({"messages": [as_json(n, mails[n]) for n in wanted]})


async def show_list(request: web.Request) -> web.Response:
    mails = request.app[MAILS]
    rows = "".join(
        f"<tr><td>{escape(str(mail['Date']))}<td>{escape(mail['X-Envelope-To'])}"
        f'<td><a href="/messages/{n}">{escape(str(mail["Subject"]))}</a>'
        for n, mail in reversed(list(enumerate(mails)))
    )
    return page(f"<h1>Mailbox</h1><table><tr><th>sent<th>to<th>subject{rows}</table>")


async def show_message(request: web.Request) -> web.Response:
    mail, n = chosen(request), request.match_info["n"]
    links, body = "", text_of(mail, "html") or f"<pre>{escape(text_of(mail, 'plain') or '')}</pre>"
    for i, part in enumerate(attachments_of(mail)):
        address = f"/messages/{n}/attachments/{i}"
        links += f' <a href="{address}">{escape(part.get_filename() or part.get_content_type())}</a>'
        if part["Content-ID"]:
            body = body.replace(f"cid:{part['Content-ID'].strip('<>')}", address)
    frame = f'<iframe sandbox style="width:100%;height:80vh;border:0" srcdoc="{escape(body)}"></iframe>'
    return page(f'<p><a href="/">all</a> <a href="/messages/{n}/raw">raw</a>{links}</p>{frame}')


async def show_raw(request: web.Request) -> web.Response:
    return web.Response(body=chosen(request).as_bytes(), content_type="text/plain")


async def show_attachment(request: web.Request) -> web.Response:
    parts = attachments_of(chosen(request))
    i = int(request.match_info["i"]) if request.match_info["i"].isdigit() else len(parts)
    if i >= len(parts):
        raise web.HTTPNotFound
    return web.Response(body=payload_of(parts[i]), content_type=parts[i].get_content_type())


def chosen(request: web.Request) -> EmailMessage:
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
