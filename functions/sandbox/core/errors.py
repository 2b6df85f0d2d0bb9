"""Stripe's error objects (https://docs.stripe.com/api/errors), which are not RFC 9457 problems."""

from typing import Any


class StripeProblem(Exception):
    """One error object and its HTTP status."""

    status = 400
    error_type = "invalid_request_error"

    def __init__(self, message: str, *, code: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.param = param

    def document(self) -> dict[str, Any]:
        fields = {"type": self.error_type, "code": self.code, "message": str(self), "param": self.param}
        return {"error": {name: value for name, value in fields.items() if value is not None}}


class InvalidApiKey(StripeProblem):
    """The API key is missing or not the one given to this stage."""

    status = 401


class ResourceMissing(StripeProblem):
    """There is no such object."""

    status = 404


class ApiFailure(StripeProblem):
    """Something is wrong at the provider's end: what became of the request is not known."""

    status = 500
    error_type = "api_error"


class Unavailable(ApiFailure):
    """The provider does nothing at the moment."""

    status = 503


class IdempotencyKeyReused(StripeProblem):
    """The idempotency key came before with other parameters."""

    error_type = "idempotency_error"
