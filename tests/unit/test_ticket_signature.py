"""The signed text and the opaque code: nothing but what we made is taken."""

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


def refused(text: str) -> bool:
    try:
        signature.verify(SECRET, text)
    except BadSignature:
        return True
    return False


def test_a_signed_text_says_what_was_signed() -> None:
    assert signature.verify(SECRET, signature.sign(SECRET, CLAIMS)) == CLAIMS


def test_the_same_claims_give_the_same_text() -> None:
    assert signature.sign(SECRET, CLAIMS) == signature.sign(SECRET, CLAIMS)


def test_the_text_is_short_and_packs_as_alphanumeric() -> None:
    text = signature.sign(SECRET, dataclasses.replace(CLAIMS, serial=10**9))

    assert len(text) <= 300
    assert re.fullmatch(r"[0-9A-Z $%*+\-./:]+", text)


def test_no_character_can_be_changed_dropped_or_added() -> None:
    text = signature.sign(SECRET, CLAIMS)
    spoilt = [text[:at] + other + text[at + 1 :] for at, char in enumerate(text) for other in "2AZ." if other != char]
    spoilt += [text[:at] + text[at + 1 :] for at in range(len(text))]
    spoilt += [text[:at] + "A" + text[at:] for at in range(len(text) + 1)]

    assert all(refused(one) for one in spoilt if one != text)


def test_every_bit_of_the_signature_counts() -> None:
    body, _, signed = signature.sign(SECRET, CLAIMS).rpartition(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    flipped = [
        f"{body}.{signed[:at]}{alphabet[alphabet.index(char) ^ bit]}{signed[at + 1 :]}"
        for (at, char), bit in itertools.product(enumerate(signed), (1, 2, 4, 8, 16))
    ]

    assert len(flipped) == 103 * 5
    assert all(refused(one) for one in flipped)


@pytest.mark.parametrize("part", ["event", "ticket", "type"])
def test_a_text_is_of_one_event_ticket_and_type_only(part: str) -> None:
    text = signature.sign(SECRET, CLAIMS)

    assert refused(text.replace(getattr(CLAIMS, part).upper(), OTHER))


def test_the_key_of_one_event_proves_nothing_about_another() -> None:
    signed = signature.sign(SECRET, CLAIMS).rpartition(".")[2]
    elsewhere = signature.sign(SECRET, dataclasses.replace(CLAIMS, event=OTHER)).rpartition(".")[0]

    assert refused(f"{elsewhere}.{signed}")
    keys = [signature.public_key(SECRET, event).public_bytes_raw() for event in (CLAIMS.event, OTHER)]
    assert keys[0] != keys[1]


def test_a_key_id_that_is_not_in_use_is_refused() -> None:
    assert refused(signature.sign(SECRET, CLAIMS, kid="2"))


def test_a_text_signed_before_a_rotation_goes_on_to_verify(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signature.sign(SECRET, CLAIMS)
    monkeypatch.setattr(signature, "KIDS", ("2", "1"))
    after = signature.sign(SECRET, CLAIMS, kid="2")

    assert before != after
    assert signature.verify(SECRET, before) == signature.verify(SECRET, after) == CLAIMS


def test_another_key_id_is_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signature, "KIDS", ("2", "1"))

    assert refused(signature.sign(SECRET, CLAIMS, kid="1").replace("1.1.", "1.2.", 1))
    keys = [signature.public_key(SECRET, CLAIMS.event, kid).public_bytes_raw() for kid in ("1", "2")]
    assert keys[0] != keys[1]


def test_another_secret_is_another_signature() -> None:
    assert refused(signature.sign("another secret", CLAIMS))


@pytest.mark.parametrize("text", ["", ".", "......", "1.1.a.b.c.1.", "1.1.A.B.C.x.AAAA", "1.1.A.B.C.1.é", "\x00" * 300])
def test_what_was_never_signed_is_refused(text: str) -> None:
    assert refused(text)


def test_spellings_that_mean_the_same_are_refused_too() -> None:
    text = signature.sign(SECRET, CLAIMS)
    body, _, signed = text.rsplit(".", 2)

    assert refused(text.lower())
    assert refused(f" {text}")
    assert all(refused(f"{body}.{serial}.{signed}") for serial in ("01", "+1", " 1", "1 ", "١"))
    assert not refused(f"{body}.1.{signed}")


@given(st.text(max_size=300))
def test_any_text_is_verified_or_refused_never_an_error(text: str) -> None:
    assert refused(text)


def test_an_id_that_the_text_cannot_carry_is_not_signed() -> None:
    with pytest.raises(ValueError, match="characters"):
        signature.sign(SECRET, dataclasses.replace(CLAIMS, ticket="Upper_Case"))


def test_a_code_has_130_bits_and_no_look_alikes() -> None:
    code = signature.code(SECRET, CLAIMS.ticket, 1)

    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}", code)
    assert code == signature.code(SECRET, CLAIMS.ticket, 1)


def test_every_ticket_serial_and_secret_has_its_own_code() -> None:
    codes = {signature.code(SECRET, CLAIMS.ticket, serial) for serial in range(1, 100)}
    codes |= {signature.code(SECRET, OTHER, 1), signature.code("another secret", CLAIMS.ticket, 1)}

    assert len(codes) == 101


def test_a_typed_code_forgives_case_blanks_and_look_alikes() -> None:
    assert signature.typed("8gmq-1p82 3ctO iL") == "8GMQ1P823CT011"


def test_what_was_signed_once_is_verified_for_ever() -> None:
    """Printed tickets outlive every release: this one is of the first."""
    printed = (
        "1.1.40DCC906-5ED3-4852-A8CC-473CBA02B75F.9694EF5E-3F3E-5888-95B4-54DF174E8731"
        ".67CADDD0-2C20-4A0B-9452-943EDAC8F7A6.1.V3JAW4DHE2HYADBFCKCOQW67TEW5F57KPCUQDJVZC7XM35DBGC7C36B2RJ6IC6ATOY2HO6"
        "RBOHJB3SQSVYFGGBYFYXT7J5SPXUZ6YDA"
    )

    assert signature.verify(SECRET, printed) == CLAIMS


def test_every_place_of_a_code_has_any_letter() -> None:
    codes = [signature.code(SECRET, CLAIMS.ticket, serial) for serial in range(1, 1000)]

    assert [len(set(letters)) for letters in zip(*codes, strict=True)] == [32] * 26
