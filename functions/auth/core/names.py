"""Names that people give themselves, and the one form in which each is kept."""

import re
import unicodedata

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")  # RFC 5322 dot-atom
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")
_USER_NAME = re.compile(r"[a-z0-9_.-]{3,30}")
_UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"  # invisible, but part of names in Persian and Indic scripts
LONGEST_EMAIL = 254  # RFC 5321
LONGEST_LOCAL = 64


def email(text: str) -> str:
    """The address with its domain in ASCII (IDNA) and lower case. Raises ValueError."""
    local, _, domain = text.partition("@")
    if text.count("@") != 1 or not visible(text) or len(local) > LONGEST_LOCAL or not _LOCAL.fullmatch(local):
        raise ValueError("not an email address")
    kept = f"{local}@{_ascii(domain)}"
    if len(kept) > LONGEST_EMAIL:
        raise ValueError(f"longer than {LONGEST_EMAIL} characters")
    return kept


def user_name(text: str) -> str:
    """The user name in lower case. Raises ValueError."""
    kept = text.lower()
    if not text.isascii() or not _USER_NAME.fullmatch(kept):
        raise ValueError("3 to 30 letters, digits, dots, hyphens or underscores (ASCII)")
    return kept


def person_name(text: str) -> str:
    """A first or last name, composed (NFC) and trimmed. Raises ValueError."""
    kept = unicodedata.normalize("NFC", text).strip()
    seen = "".join(char for char in kept if char not in _JOINERS)
    if not seen or not visible(seen):
        raise ValueError("must be printable text")
    return kept


def visible(text: str) -> bool:
    """Whether the text has no control, format or unassigned characters."""
    return not any(unicodedata.category(char) in _UNSEEN for char in text)


def _ascii(domain: str) -> str:
    try:
        kept = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise ValueError("not a domain name") from None
    if not _DOMAIN.fullmatch(kept):
        raise ValueError("not a domain name")
    return kept
