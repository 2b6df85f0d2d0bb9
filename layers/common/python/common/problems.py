"""The error tree: each refusal is a class, and its name is the stable problem type (RFC 9457).

DomainError (500, never raised bare)
├── Malformed 400        not JSON, duplicate keys, over a limit
├── Invalid 422          wrong, missing or unknown field; breaks a rule the client can see
├── Unauthenticated 401
├── Forbidden 403
├── NotFound 404         also "not yours": existence is not disclosed
├── Conflict 409
├── Gone 410
├── Precondition 412
├── Unsupported 415
├── TooMany 429
└── Busy 503             not now: the same request may succeed in a moment
"""

import re
from typing import Any, ClassVar

_SHOWN = 20  # wrong fields: an answer is not many times its request
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


class DomainError(Exception):
    """The request or message is refused for good."""

    status: ClassVar[int] = 500

    def __init__(
        self, detail: str | None = None, *, pointer: str | None = None, retry_after: int | None = None, **members: Any
    ) -> None:
        """`pointer` is a JSON pointer to the field, `retry_after` in seconds, `members` are published."""
        super().__init__(detail or self.title())
        self.errors = [{"pointer": pointer, "detail": str(self)}] if pointer else []
        self.retry_after = retry_after
        self.members = members

    @property
    def final(self) -> bool:
        """Whether the same request or message would be refused again."""
        return self.status < 500 and self.retry_after is None

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says beside its document."""
        return {} if self.retry_after is None else {"retry-after": str(self.retry_after)}

    @classmethod
    def slug(cls) -> str:
        """The stable name, e.g. `sold-out`."""
        return _CAPITAL.sub("-", cls.__name__).lower()

    @classmethod
    def title(cls) -> str:
        """The first line of the class's docstring."""
        return (cls.__doc__ or cls.__name__).strip().splitlines()[0]

    def problem(self) -> dict[str, Any]:
        """The members of the problem document, without the request's own."""
        document = {"type": f"/problems/{self.slug()}", "title": self.title(), "status": self.status}
        errors = {"errors": self.errors} if self.errors else {}
        return self.members | document | {"detail": str(self)} | errors


class Malformed(DomainError):
    """The request cannot be read."""

    status = 400


class Invalid(DomainError):
    """A field is wrong, missing or unknown."""

    status = 422

    @classmethod
    def fields(cls, errors: list[tuple[str, str]]) -> "Invalid":
        """All wrong fields at once, as (JSON pointer, reason)."""
        pointer, reason = errors[0]
        only = f"{pointer}: {reason}" if pointer else reason
        refusal = cls(only if len(errors) == 1 else f"{len(errors)} fields are wrong.")
        refusal.errors = [{"pointer": pointer, "detail": reason} for pointer, reason in errors[:_SHOWN]]
        return refusal


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


class Gone(DomainError):
    """It was there and is over."""

    status = 410


class Precondition(DomainError):
    """The thing has changed since it was read."""

    status = 412


class Unsupported(DomainError):
    """The content type is not one that this call takes."""

    status = 415


class TooMany(DomainError):
    """Too many attempts; wait and try again."""

    status = 429


class Busy(DomainError):
    """Too much is going on at this moment; nothing was done, and the same request may be repeated."""

    status = 503

    def __init__(self) -> None:
        super().__init__(retry_after=1)


class Unexpected(DomainError):
    """Something went wrong on our side; nothing was lost, and trying again is safe with the same key."""
