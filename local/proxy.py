"""The API on a port of its own: every request goes to the emulated gateway as it came, byte for byte.

It adds what API Gateway adds and the emulator does not (`x-forwarded-*`), its limit on a body and its
plain answers when nobody is behind it.
"""

from collections.abc import AsyncIterator
from typing import Final

from aiohttp import (
    ClientConnectionError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
    web,
)
from multidict import CIMultiDict
from yarl import URL

BODY_BYTES: Final = 10 * 1024 * 1024  # API Gateway's limit
ANSWER_SECONDS: Final = 30  # and its longest integration time-out
HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
UPSTREAM: Final = web.AppKey("upstream", str)
CLIENT: Final = web.AppKey("client", ClientSession)


def app(emulator: str, api_id: str) -> web.Application:
    proxy = web.Application(client_max_size=BODY_BYTES)
    proxy[UPSTREAM] = f"{emulator}/_aws/execute-api/{api_id}"
    proxy.cleanup_ctx.append(one_client)
    proxy.router.add_route("*", "/{path:(?s:.*)}", forward)
    return proxy


async def one_client(proxy: web.Application) -> AsyncIterator[None]:
    # No limit on connections: a request may wait for another one that comes through here (the provider's
    # webhook), and would wait for ever behind a full pool.
    connector = TCPConnector(limit=0)
    timeout = ClientTimeout(total=ANSWER_SECONDS)
    async with ClientSession(
        connector=connector, timeout=timeout, cookie_jar=DummyCookieJar(), auto_decompress=False
    ) as client:
        proxy[CLIENT] = client
        yield


async def forward(request: web.Request) -> web.StreamResponse:
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return plain(413, "Request Entity Too Large")
    url = URL(request.app[UPSTREAM] + request.raw_path, encoded=True)
    try:
        async with request.app[CLIENT].request(
            request.method, url, headers=headers_up(request), data=body or None, allow_redirects=False
        ) as answer:
            return web.Response(status=answer.status, headers=headers_down(answer), body=await answer.read())
    except (TimeoutError, ClientConnectionError):
        return plain(503, "Service Unavailable")


def headers_up(request: web.Request) -> CIMultiDict[str]:
    headers = CIMultiDict((k, v) for k, v in request.headers.items() if k.lower() not in HOP_BY_HOP | {"host"})
    host, _, port = request.host.rpartition(":")
    headers["X-Forwarded-For"] = ", ".join(filter(None, [request.headers.get("X-Forwarded-For"), request.remote]))
    headers["X-Forwarded-Host"] = request.host
    headers["X-Forwarded-Port"] = port if host else "80"
    headers["X-Forwarded-Proto"] = "http"
    return headers


def headers_down(answer: ClientResponse) -> CIMultiDict[str]:
    return CIMultiDict((k, v) for k, v in answer.headers.items() if k.lower() not in HOP_BY_HOP | {"content-length"})


def plain(status: int, message: str) -> web.Response:
    """An answer of the gateway itself, in API Gateway's own words."""
    return web.json_response({"message": message}, status=status)
