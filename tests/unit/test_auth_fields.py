"""Normalisation of e-mail addresses, user names and person names."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auth.core import fields

ALMOST_VALID = st.text('aZ09.-_+@\u00fc\u200b\u3002 \n"\u0131\uff41', max_size=40)


def normalised_or_none(normalise: Callable[[str], str], text: str) -> str | None:
    try:
        return normalise(text)
    except ValueError:
        return None


@given(text=st.text(max_size=60) | ALMOST_VALID)
@example(text="a@" + "\u0130" * 60 + ".com")
@example(text="a@" + "x." * 100 + "com")
def test_email_normalisation_is_idempotent(text: str) -> None:
    normalised = normalised_or_none(fields.normalise_email, text)

    assert normalised is None or (
        fields.normalise_email(normalised) == normalised
        and normalised.isascii()
        and normalised.isprintable()
        and normalised.count("@") == 1
    )


@given(text=st.text(max_size=40) | ALMOST_VALID)
def test_user_name_normalisation_is_idempotent(text: str) -> None:
    normalised = normalised_or_none(fields.normalise_user_name, text)

    assert normalised is None or (
        fields.normalise_user_name(normalised) == normalised == normalised.lower()
        and normalised.isascii()
        and "@" not in normalised
    )


@given(text=st.text(max_size=40) | ALMOST_VALID)
def test_person_name_is_composed_trimmed_and_single_line(text: str) -> None:
    normalised = normalised_or_none(fields.normalise_person_name, text)

    assert normalised is None or (
        normalised == unicodedata.normalize("NFC", normalised).strip() and len(normalised.splitlines()) == 1
    )


@pytest.mark.parametrize(
    ("typed", "form"),
    [
        ("anna@Example.COM", "anna@example.com"),
        ("Anna.Ott+tickets@example.com", "Anna.Ott+tickets@example.com"),
        ("o'neil@example.co.uk", "o'neil@example.co.uk"),
        ("anna@b\u00fccher.example", "anna@xn--bcher-kva.example"),
        ("anna@\uff45xample.com", "anna@example.com"),
        ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
    ],
)
def test_email_is_normalised(typed: str, form: str) -> None:
    assert fields.normalise_email(typed) == form


@pytest.mark.parametrize(
    "name",
    ["J\u00fcrgen", "O'Neil", "\u738b\u5c0f\u660e", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "Anna-Maria"],
)
def test_person_name_is_accepted_unchanged(name: str) -> None:
    assert fields.normalise_person_name(name) == name


@pytest.mark.parametrize("name", ["", " ", "\t", "a\nb", "a\x00b", "a\u2028b", "a\u202eb", "\ufeffa", "\u200c"])
def test_unprintable_person_name_is_rejected(name: str) -> None:
    assert normalised_or_none(fields.normalise_person_name, name) is None
