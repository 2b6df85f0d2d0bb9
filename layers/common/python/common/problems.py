"""The error classes; each class name is a stable problem type (RFC 9457).

DomainError (500, never raised itself)
├── BadRequest 400            not JSON, duplicate keys, over a limit
├── Unprocessable 422         wrong, missing or unknown field; violates a rule that the client can check
├── Unauthenticated 401
├── Forbidden 403
├── NotFound 404              also for other users' resources: existence is not disclosed
├── Conflict 409
├── Gone 410
├── PreconditionFailed 412
├── UnsupportedMediaType 415
├── TooManyRequests 429
├── ServiceUnavailable 503    transient: the same request may succeed in a moment
└── InternalError 500
"""

import re
from typing import Any, ClassVar

_MAX_REPORTED_ERRORS = 20  # bounds the response to a request with many wrong fields
_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")


class DomainError(Exception):
    """The request or message is refused for good."""

    status: ClassVar[int] = 500

    def __init__(
        self, detail: str | None = None, *, pointer: str | None = None, retry_after: int | None = None, **members: Any
    ) -> None:
        """`pointer` is a JSON pointer to the field, `retry_after` in seconds; `members` are added to the document."""
        super().__init__(detail or self.title())
        self.errors = [{"pointer": pointer, "detail": str(self)}] if pointer else []
        self.retry_after = retry_after
        self.members = members

    @property
    def is_permanent(self) -> bool:
        """Whether a retry of the same request or message must fail again."""
        return self.status < 500 and self.retry_after is None

    @property
    def headers(self) -> dict[str, str]:
        """The response headers beside the content type."""
        return {} if self.retry_after is None else {"retry-after": str(self.retry_after)}

    @classmethod
    def slug(cls) -> str:
        """The stable name, e.g. `sold-out`."""
        return _WORD_START.sub("-", cls.__name__).lower()

    @classmethod
    def title(cls) -> str:
        """The first line of the class's docstring."""
        return (cls.__doc__ or cls.__name__).strip().splitlines()[0]

    def to_document(self) -> dict[str, Any]:
        """The problem document without `request_id`."""
        document = {"type": f"/problems/{self.slug()}", "title": self.title(), "status": self.status}
        errors = {"errors": self.errors} if self.errors else {}
        return self.members | document | {"detail": str(self)} | errors


class BadRequest(DomainError):
    """The request cannot be read."""

    status = 400


class Unprocessable(DomainError):
    """A field is wrong, missing or unknown."""

    status = 422

    @classmethod
    def from_errors(cls, errors: list[tuple[str, str]]) -> "Unprocessable":
        """All wrong fields at once, as (JSON pointer, reason)."""
        pointer, reason = errors[0]
        only = f"{pointer}: {reason}" if pointer else reason
        problem = cls(only if len(errors) == 1 else f"{len(errors)} fields are wrong.")
        problem.errors = [{"pointer": pointer, "detail": reason} for pointer, reason in errors[:_MAX_REPORTED_ERRORS]]
        return problem


class Unauthenticated(DomainError):
    """The caller is not known."""

    status = 401


class Forbidden(DomainError):
    """The caller lacks the role for this."""

    status = 403


class NotFound(DomainError):
    """There is no such thing, or it is not yours."""

    status = 404


class Conflict(DomainError):
    """The present state does not allow it."""

    status = 409


class IllegalTransition(Conflict):
    """The thing is in a state that this cannot follow."""


class ConcurrentModification(Conflict):
    """Somebody else changed it at the same moment; read it again."""


class Gone(DomainError):
    """It was there and is over."""

    status = 410


class PreconditionFailed(DomainError):
    """The thing has changed since it was read."""

    status = 412


class UnsupportedMediaType(DomainError):
    """The content type is not one that this call takes."""

    status = 415


class TooManyRequests(DomainError):
    """Too many attempts; wait and try again."""

    status = 429


class ServiceUnavailable(DomainError):
    """Too much is going on at this moment; nothing was done, and the same request may be repeated."""

    status = 503

    def __init__(self) -> None:
        super().__init__(retry_after=1)


class InternalError(DomainError):
    """Something went wrong on our side; nothing was lost, and trying again is safe with the same key."""
