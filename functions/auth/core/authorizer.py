"""The API's Lambda authorizer: authenticates a request by its bearer token."""

from collections.abc import Mapping
from typing import Any

from auth.core import access_tokens, session_repository
from auth.core.access_tokens import Claims, InvalidAccessToken
from common import clock, log
from common.retries import is_retryable

_DENIED = {"isAuthorized": False}


def authorize(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return API Gateway's simple response; the reason of a denial is only logged.

    Only an invalid token is denied. If it cannot be verified, the error is raised: the gateway answers 500
    and does not cache it, whereas it caches a denial for a minute, and clients log out on a denial.
    """
    log_fields = {"route": event.get("routeKey"), "correlation_id": event.get("requestContext", {}).get("requestId")}
    try:
        claims = _verify_claims(event)
    except InvalidAccessToken as denial:
        log.access(**log_fields, authorized=False, denial=str(denial))
        return _DENIED
    except Exception as fault:
        _log_fault(fault, log_fields)
        raise
    log.access(**log_fields, authorized=True)
    context = {"user_id": claims.sub, "session_id": claims.sid, "roles": " ".join(claims.roles)}
    context["email_verified"] = "yes" if claims.email_verified else ""
    return {"isAuthorized": True, "context": context}


def _verify_claims(event: Mapping[str, Any]) -> Claims:
    now = clock.now()
    claims = access_tokens.verify_token(_bearer_token(event), now)
    session = session_repository.find(claims.sub, claims.sid)
    if not session or not session.is_active(now):
        raise InvalidAccessToken("the session has ended")
    if not session.accepts_token_version(claims.ver):
        raise InvalidAccessToken("issued before a role was removed")
    return claims


def _log_fault(fault: Exception, log_fields: Mapping[str, Any]) -> None:
    if is_retryable(fault):
        log.logger.warning("busy", exc_info=True, extra=log_fields)
    else:
        log.logger.exception("unexpected", extra=log_fields)


def _bearer_token(event: Mapping[str, Any]) -> str:
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    scheme, _, token = str(headers.get("authorization")).partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise InvalidAccessToken("no bearer token")
    return token
