"""The API proxy: forwards every request to the emulated gateway unchanged, on a port of its own.

It adds what the emulator lacks of API Gateway: `x-forwarded-*` headers, the body size limit, and the responses to
failed integrations.
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
TIMEOUT_SECONDS: Final = 30  # API Gateway's maximum integration timeout
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
    proxy.cleanup_ctx.append(client_session)
    proxy.router.add_route("*", "/{path:(?s:.*)}", forward)
    return proxy


async def client_session(proxy: web.Application) -> AsyncIterator[None]:
    # No limit on connections: a request may wait for another one through this proxy (the provider's webhook), and
    # a full pool would deadlock.
    connector = TCPConnector(limit=0)
    timeout = ClientTimeout(total=TIMEOUT_SECONDS)
    async with ClientSession(
        connector=connector, timeout=timeout, cookie_jar=DummyCookieJar(), auto_decompress=False
    ) as client:
        proxy[CLIENT] = client
        yield


async def forward(request: web.Request) -> web.StreamResponse:
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return gateway_error(413, "Request Entity Too Large")
    url = URL(request.app[UPSTREAM] + request.raw_path, encoded=True)
    try:
        async with request.app[CLIENT].request(
            request.method, url, headers=request_headers(request), data=body or None, allow_redirects=False
        ) as response:
            return web.Response(status=response.status, headers=response_headers(response), body=await response.read())
    except (TimeoutError, ClientConnectionError):
        return gateway_error(503, "Service Unavailable")


def request_headers(request: web.Request) -> CIMultiDict[str]:
    headers = CIMultiDict((k, v) for k, v in request.headers.items() if k.lower() not in HOP_BY_HOP | {"host"})
    host, _, port = request.host.rpartition(":")
    headers["X-Forwarded-For"] = ", ".join(filter(None, [request.headers.get("X-Forwarded-For"), request.remote]))
    headers["X-Forwarded-Host"] = request.host
    headers["X-Forwarded-Port"] = port if host else "80"
    headers["X-Forwarded-Proto"] = "http"
    return headers


def response_headers(response: ClientResponse) -> CIMultiDict[str]:
    return CIMultiDict((k, v) for k, v in response.headers.items() if k.lower() not in HOP_BY_HOP | {"content-length"})


def gateway_error(status: int, message: str) -> web.Response:
    """A response of the gateway itself, with API Gateway's body."""
    return web.json_response({"message": message}, status=status)
