"""How the sandbox refuses: Stripe's error objects (https://docs.stripe.com/api/errors), not problems."""

from typing import Any


class Refusal(Exception):
    """One error object and its HTTP status."""

    status = 400
    kind = "invalid_request_error"

    def __init__(self, message: str, *, code: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.param = param

    def document(self) -> dict[str, Any]:
        said = {"type": self.kind, "code": self.code, "message": str(self), "param": self.param}
        return {"error": {name: value for name, value in said.items() if value is not None}}


class BadKey(Refusal):
    """The API key is missing or not the one given to this stage."""

    status = 401


class Missing(Refusal):
    """There is no such object."""

    status = 404


class Broken(Refusal):
    """Something is wrong at the provider's end: what became of the request is not known."""

    status = 500
    kind = "api_error"


class Unavailable(Broken):
    """The provider does nothing at the moment."""

    status = 503


class KeyMisused(Refusal):
    """The idempotency key came before with other parameters."""

    kind = "idempotency_error"
