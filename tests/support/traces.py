"""Whether anything of a person is left somewhere: markers, one for each field, and the forms that they may take."""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

# Nobody else has these: whoever finds one has found the person.
_UNUSUAL_ZONE, _UNUSUAL_DAY = "Antarctica/Vostok", "1907-03-11"


def _word() -> str:
    return f"mk{secrets.token_hex(6)}"


@dataclass(frozen=True)
class Markers:
    """What one person says of themselves, and what others say of them: each value stands for one field."""

    email: str = field(default_factory=lambda: f"Mail.{_word()}@people.example")
    user_name: str = field(default_factory=_word)
    first_name: str = field(default_factory=lambda: f"Zoé {_word()}")
    last_name: str = field(default_factory=lambda: f"O'{_word()}")
    mobile_phone: str = field(default_factory=lambda: f"+49{10**10 + secrets.randbelow(9 * 10**10)}")
    shown_name: str = field(default_factory=_word)
    new_first_name: str = field(default_factory=_word)
    new_last_name: str = field(default_factory=_word)
    new_phone: str = field(default_factory=lambda: f"+49{10**10 + secrets.randbelow(9 * 10**10)}")
    birth_day: str = _UNUSUAL_DAY
    zone: str = _UNUSUAL_ZONE
    user_agent: str = field(default_factory=lambda: f"{_word()}/1.0")
    booking_key: str = field(default_factory=_word)
    free_key: str = field(default_factory=_word)
    holder_name: str = field(default_factory=lambda: f"Ada {_word()}")
    note: str = field(default_factory=lambda: f"{_word()} needs a ramp")
    given_note: str = field(default_factory=lambda: f"{_word()} was here first")
    refund_reason: str = field(default_factory=lambda: f"Sorry, {_word()}")
    given_holder: str = field(default_factory=_word)
    draft_name: str = field(default_factory=_word)
    draft_text: str = field(default_factory=_word)
    draft_place: str = field(default_factory=_word)
    draft_message: str = field(default_factory=_word)
    # Of these no text is kept, only ids that they lead to, and of the last one what kind of browser it names.
    payment_key: str = field(default_factory=_word)
    transfer_key: str = field(default_factory=_word)

    NEVER_KEPT = ("payment_key", "transfer_key", "user_agent")

    def forms(self) -> dict[str, list[bytes]]:
        """By field, all that its value may look like."""
        return {name: list(_forms(str(value))) for name, value in vars(self).items()} | {"hashes": self._hashes()}

    def _hashes(self) -> list[bytes]:
        # Of what can be guessed, an unsalted hash is the thing itself.
        told = [self.email.lower(), self.user_name, self.mobile_phone]
        told += [f"claim#email#{self.email.lower()}", f"claim#username#{self.user_name}"]
        hashed = hashlib.sha256(self.email.lower().encode()).hexdigest()
        told += [f"claim#email#{hashed}"]
        kinds = (hashlib.md5, hashlib.sha1, hashlib.sha256)
        return [kind(one.encode()).hexdigest().encode() for one in told for kind in kinds]


def _forms(value: str) -> Iterator[bytes]:
    core = _core(value).lstrip("+")
    # What is escaped or quoted around it, in JSON, in a URL or in a mail, leaves the word itself.
    for text in {value, value.lower(), core, quote(value, safe="")}:
        yield from _encoded(text)
    yield core.encode().hex().encode()


def _core(value: str) -> str:
    words = re.split(r"[@.' ]", value)
    return next((word for word in words if word.startswith("mk")), value)


def _encoded(text: str) -> Iterator[bytes]:
    raw = text.encode()
    yield raw.lower()
    for shift in range(3):
        # The characters that are the text's alone, wherever in a longer text it began.
        whole = base64.b64encode(bytes(shift) + raw)
        inner = whole[(shift * 8 + 5) // 6 : (shift * 8 + len(raw) * 8) // 6]
        yield inner
        yield inner.translate(bytes.maketrans(b"+/", b"-_"))


def found(markers: Markers, places: Mapping[str, bytes]) -> dict[str, set[str]]:
    """Of each field that is found somewhere, in which of the places."""
    seen: dict[str, set[str]] = {}
    folded = {name: content.lower() for name, content in places.items()}
    for name, forms in markers.forms().items():
        for place, content in places.items():
            if any(form in content or form in folded[place] for form in forms):
                seen.setdefault(name, set()).add(place)
    return seen
