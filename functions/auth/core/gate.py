"""Whether a request is let in, and as whom."""

from collections.abc import Mapping
from typing import Any

from auth.core import access, session_repository
from auth.core.access import Claims, NotBelieved
from common import clock, log
from common.patience import busy

_REFUSED = {"isAuthorized": False}


def answer(event: Mapping[str, Any]) -> dict[str, Any]:
    """The gateway's simple response; it learns no reason, the log does.

    Only a token is refused. Where it cannot be checked, the fault is raised: the gateway answers 500
    and forgets it, while it keeps a refusal for a minute, and clients log out on one.
    """
    told = {"route": event.get("routeKey"), "correlation_id": event.get("requestContext", {}).get("requestId")}
    try:
        claims = _believed(event)
    except NotBelieved as reason:
        log.access(**told, authorized=False, refused=str(reason))
        return _REFUSED
    except Exception as fault:
        _unchecked(fault, told)
        raise
    log.access(**told, authorized=True)
    context = {"user_id": claims.sub, "session_id": claims.sid, "roles": " ".join(claims.roles)}
    context["email_verified"] = "yes" if claims.email_verified else ""
    return {"isAuthorized": True, "context": context}


def _believed(event: Mapping[str, Any]) -> Claims:
    now = clock.now()
    claims = access.read(_bearer(event), now)
    session = session_repository.get(claims.sub, claims.sid)
    if not session or not session.live(now):
        raise NotBelieved("the session is over")
    if not session.believes(claims.ver):
        raise NotBelieved("a role was taken away since")
    return claims


def _unchecked(fault: Exception, told: Mapping[str, Any]) -> None:
    if busy(fault):
        log.logger.warning("busy", exc_info=True, extra=told)
    else:
        log.logger.exception("unexpected", extra=told)


def _bearer(event: Mapping[str, Any]) -> str:
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    scheme, _, token = str(headers.get("authorization")).partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotBelieved("no bearer token")
    return token
