"""A name has one form, whatever way it is typed."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auth.core import names

NEARLY = st.text('aZ09.-_+@\u00fc\u200b\u3002 \n"\u0131\uff41', max_size=40)


def kept(form: Callable[[str], str], text: str) -> str | None:
    try:
        return form(text)
    except ValueError:
        return None


@given(text=st.text(max_size=60) | NEARLY)
@example(text="a@" + "\u0130" * 60 + ".com")
@example(text="a@" + "x." * 100 + "com")
def test_an_address_is_kept_in_a_form_that_keeps_itself(text: str) -> None:
    once = kept(names.email, text)

    assert once is None or (
        names.email(once) == once and once.isascii() and once.isprintable() and once.count("@") == 1
    )


@given(text=st.text(max_size=40) | NEARLY)
def test_a_user_name_is_kept_in_a_form_that_keeps_itself(text: str) -> None:
    once = kept(names.user_name, text)

    assert once is None or (names.user_name(once) == once == once.lower() and once.isascii() and "@" not in once)


@given(text=st.text(max_size=40) | NEARLY)
def test_a_person_s_name_is_kept_composed_trimmed_and_on_one_line(text: str) -> None:
    once = kept(names.person_name, text)

    assert once is None or (once == unicodedata.normalize("NFC", once).strip() and len(once.splitlines()) == 1)


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
def test_these_are_addresses(typed: str, form: str) -> None:
    assert names.email(typed) == form


@pytest.mark.parametrize(
    "name",
    ["J\u00fcrgen", "O'Neil", "\u738b\u5c0f\u660e", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "Anna-Maria"],
)
def test_these_are_people_s_names(name: str) -> None:
    assert names.person_name(name) == name


@pytest.mark.parametrize("name", ["", " ", "\t", "a\nb", "a\x00b", "a\u2028b", "a\u202eb", "\ufeffa", "\u200c"])
def test_these_are_not(name: str) -> None:
    assert kept(names.person_name, name) is None
