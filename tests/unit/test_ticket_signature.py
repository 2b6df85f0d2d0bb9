"""The signed payload and the opaque code: only what we issued is accepted."""

import dataclasses
import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticket.core import signature
from ticket.core.signature import BadSignature, Claims

SECRET = "a secret of the stage"
CLAIMS = Claims(
    event="40dcc906-5ed3-4852-a8cc-473cba02b75f",
    ticket="9694ef5e-3f3e-5888-95b4-54df174e8731",
    type="67caddd0-2c20-4a0b-9452-943edac8f7a6",
    serial=1,
)
OTHER = "00000000-0000-4000-8000-000000000000"


def is_rejected(payload: str) -> bool:
    try:
        signature.verify(SECRET, payload)
    except BadSignature:
        return True
    return False


def test_verified_payload_returns_signed_claims() -> None:
    assert signature.verify(SECRET, signature.sign(SECRET, CLAIMS)) == CLAIMS


def test_signing_is_deterministic() -> None:
    assert signature.sign(SECRET, CLAIMS) == signature.sign(SECRET, CLAIMS)


def test_payload_is_short_and_alphanumeric() -> None:
    text = signature.sign(SECRET, dataclasses.replace(CLAIMS, serial=10**9))

    assert len(text) <= 300
    assert re.fullmatch(r"[0-9A-Z $%*+\-./:]+", text)


def test_payload_with_edited_character_is_rejected() -> None:
    text = signature.sign(SECRET, CLAIMS)
    corrupted = [
        text[:at] + other + text[at + 1 :] for at, char in enumerate(text) for other in "2AZ." if other != char
    ]
    corrupted += [text[:at] + text[at + 1 :] for at in range(len(text))]
    corrupted += [text[:at] + "A" + text[at:] for at in range(len(text) + 1)]

    assert all(is_rejected(one) for one in corrupted if one != text)


def test_every_bit_of_the_signature_counts() -> None:
    body, _, signed = signature.sign(SECRET, CLAIMS).rpartition(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    flipped = [
        f"{body}.{signed[:at]}{alphabet[alphabet.index(char) ^ bit]}{signed[at + 1 :]}"
        for (at, char), bit in itertools.product(enumerate(signed), (1, 2, 4, 8, 16))
    ]

    assert len(flipped) == 103 * 5
    assert all(is_rejected(one) for one in flipped)


@pytest.mark.parametrize("part", ["event", "ticket", "type"])
def test_payload_is_bound_to_event_ticket_and_type(part: str) -> None:
    text = signature.sign(SECRET, CLAIMS)

    assert is_rejected(text.replace(getattr(CLAIMS, part).upper(), OTHER))


def test_signature_of_other_event_is_rejected() -> None:
    signed = signature.sign(SECRET, CLAIMS).rpartition(".")[2]
    elsewhere = signature.sign(SECRET, dataclasses.replace(CLAIMS, event=OTHER)).rpartition(".")[0]

    assert is_rejected(f"{elsewhere}.{signed}")
    keys = [signature.public_key(SECRET, event).public_bytes_raw() for event in (CLAIMS.event, OTHER)]
    assert keys[0] != keys[1]


def test_unknown_key_id_is_rejected() -> None:
    assert is_rejected(signature.sign(SECRET, CLAIMS, kid="2"))


def test_payload_signed_before_key_rotation_still_verifies(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signature.sign(SECRET, CLAIMS)
    monkeypatch.setattr(signature, "KEY_IDS", ("2", "1"))
    after = signature.sign(SECRET, CLAIMS, kid="2")

    assert before != after
    assert signature.verify(SECRET, before) == signature.verify(SECRET, after) == CLAIMS


def test_each_key_id_has_its_own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signature, "KEY_IDS", ("2", "1"))

    assert is_rejected(signature.sign(SECRET, CLAIMS, kid="1").replace("1.1.", "1.2.", 1))
    keys = [signature.public_key(SECRET, CLAIMS.event, kid).public_bytes_raw() for kid in ("1", "2")]
    assert keys[0] != keys[1]


def test_signature_of_other_secret_is_rejected() -> None:
    assert is_rejected(signature.sign("another secret", CLAIMS))


@pytest.mark.parametrize("text", ["", ".", "......", "1.1.a.b.c.1.", "1.1.A.B.C.x.AAAA", "1.1.A.B.C.1.é", "\x00" * 300])
def test_unsigned_text_is_rejected(text: str) -> None:
    assert is_rejected(text)


def test_non_canonical_payload_is_rejected() -> None:
    text = signature.sign(SECRET, CLAIMS)
    body, _, signed = text.rsplit(".", 2)

    assert is_rejected(text.lower())
    assert is_rejected(f" {text}")
    assert all(is_rejected(f"{body}.{serial}.{signed}") for serial in ("01", "+1", " 1", "1 ", "١"))
    assert not is_rejected(f"{body}.1.{signed}")


@given(st.text(max_size=300))
def test_arbitrary_text_is_rejected_without_error(text: str) -> None:
    assert is_rejected(text)


def test_unencodable_id_is_not_signed() -> None:
    with pytest.raises(ValueError, match="characters"):
        signature.sign(SECRET, dataclasses.replace(CLAIMS, ticket="Upper_Case"))


def test_code_has_130_bits_and_no_look_alikes() -> None:
    code = signature.opaque_code(SECRET, CLAIMS.ticket, 1)

    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}", code)
    assert code == signature.opaque_code(SECRET, CLAIMS.ticket, 1)


def test_every_ticket_serial_and_secret_has_own_code() -> None:
    codes = {signature.opaque_code(SECRET, CLAIMS.ticket, serial) for serial in range(1, 100)}
    codes |= {signature.opaque_code(SECRET, OTHER, 1), signature.opaque_code("another secret", CLAIMS.ticket, 1)}

    assert len(codes) == 101


def test_typed_code_ignores_case_blanks_and_look_alikes() -> None:
    assert signature.normalise_code("8gmq-1p82 3ctO iL") == "8GMQ1P823CT011"


def test_payload_of_first_release_still_verifies() -> None:
    """Printed tickets outlive releases: this payload is from the first one."""
    printed = (
        "1.1.40DCC906-5ED3-4852-A8CC-473CBA02B75F.9694EF5E-3F3E-5888-95B4-54DF174E8731"
        ".67CADDD0-2C20-4A0B-9452-943EDAC8F7A6.1.V3JAW4DHE2HYADBFCKCOQW67TEW5F57KPCUQDJVZC7XM35DBGC7C36B2RJ6IC6ATOY2HO6"
        "RBOHJB3SQSVYFGGBYFYXT7J5SPXUZ6YDA"
    )

    assert signature.verify(SECRET, printed) == CLAIMS


def test_every_code_position_uses_whole_alphabet() -> None:
    codes = [signature.opaque_code(SECRET, CLAIMS.ticket, serial) for serial in range(1, 1000)]

    assert [len(set(letters)) for letters in zip(*codes, strict=True)] == [32] * 26
