"""Personal fields: validation, normalisation, and redaction in repr."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field

_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")  # RFC 5322 dot-atom
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")
_USER_NAME = re.compile(r"[a-z0-9_.-]{3,30}")
_INVISIBLE_CATEGORIES = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"  # invisible, but part of names in Persian and Indic scripts
MAX_EMAIL_LENGTH = 254  # RFC 5321
MAX_LOCAL_PART_LENGTH = 64


def normalise_email(text: str) -> str:
    """Return the address with its domain in ASCII (IDNA) and lower case. Raises ValueError."""
    local_part, _, domain = text.partition("@")
    if (
        text.count("@") != 1
        or not is_printable(text)
        or len(local_part) > MAX_LOCAL_PART_LENGTH
        or not _LOCAL_PART.fullmatch(local_part)
    ):
        raise ValueError("not an email address")
    address = f"{local_part}@{_to_ascii_domain(domain)}"
    if len(address) > MAX_EMAIL_LENGTH:
        raise ValueError(f"longer than {MAX_EMAIL_LENGTH} characters")
    return address


def normalise_user_name(text: str) -> str:
    """Return the user name in lower case. Raises ValueError."""
    normalised = text.lower()
    if not text.isascii() or not _USER_NAME.fullmatch(normalised):
        raise ValueError("3 to 30 letters, digits, dots, hyphens or underscores (ASCII)")
    return normalised


def normalise_person_name(text: str) -> str:
    """Return a first or last name composed (NFC) and trimmed. Raises ValueError."""
    normalised = unicodedata.normalize("NFC", text).strip()
    without_joiners = "".join(char for char in normalised if char not in _JOINERS)
    if not without_joiners or not is_printable(without_joiners):
        raise ValueError("must be printable text")
    return normalised


def is_printable(text: str) -> bool:
    """Whether the text has no control, format or unassigned characters."""
    return not any(unicodedata.category(char) in _INVISIBLE_CATEGORIES for char in text)


def _to_nfc(text: str) -> str:
    # Keyboards differ: the same password may arrive composed or decomposed.
    return unicodedata.normalize("NFC", text)


def _to_ascii_domain(domain: str) -> str:
    try:
        ascii_domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise ValueError("not a domain name") from None
    if not _DOMAIN.fullmatch(ascii_domain):
        raise ValueError("not a domain name")
    return ascii_domain


Email = Annotated[
    str, Field(max_length=MAX_EMAIL_LENGTH, json_schema_extra={"format": "email"}), AfterValidator(normalise_email)
]
UserName = Annotated[str, Field(min_length=3, max_length=30), AfterValidator(normalise_user_name)]
PersonName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(normalise_person_name)]
MobilePhone = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]  # E.164
Password = Annotated[str, AfterValidator(_to_nfc), Field(min_length=15, max_length=256)]  # at most 1,024 bytes
PasswordInput = Annotated[str, AfterValidator(_to_nfc), Field(min_length=1, max_length=256)]
TokenInput = Annotated[str, Field(min_length=1, max_length=512)]


class RedactedRepr:
    """Omits all fields from repr, so that errors and debuggers do not show them."""

    def __repr_args__(self) -> Sequence[tuple[str | None, Any]]:
        return ()
