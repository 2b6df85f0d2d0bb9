"""Whatever comes as a token is read or refused, never a surprise; and what auth derives stays derived."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auth.core import access
from auth.core.errors import InvalidToken
from auth.core.model import LONGEST_WAIT, Session, Use, wait_after
from auth.core.refresh import RefreshToken
from tests.support.memory import Memory
from tests.support.system import System, row

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PARTS = st.text(st.characters(codec="ascii", exclude_characters=".", min_codepoint=33), min_size=1, max_size=40)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with Memory().running() as running, running.acting(row("auth.authorize")):
        yield running


def part(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@given(token=st.text())
@example(token="9" * 4097)
@example(token=f"{part({'kid': 10**4000})}.e30.x")
@example(token=base64.urlsafe_b64encode(b'{"kid":' + b"9" * 2900 + b"}").decode() + ".e30.x")
@example(token=base64.urlsafe_b64encode(b"[" * 2900).decode() + ".e30.x")
@example(token=base64.urlsafe_b64encode(b'{"alg":NaN,"kid":"\\ud800","typ":"at+jwt"}').decode() + ".e30.x")
def test_any_text_is_no_access_token(system: System, token: str) -> None:
    with pytest.raises(access.NotBelieved):
        access.read(token, NOW)


@given(header=JSON, alg=JSON, claims=JSON, signature=st.binary(max_size=80))
def test_anything_with_three_parts_is_no_access_token(
    system: System, header: Any, alg: Any, claims: Any, signature: bytes
) -> None:
    ours = {"alg": alg, "kid": system.keys["KEYS_TOKEN"].split(",")[0], "typ": "at+jwt"}
    for head in (header, ours, ours | {"alg": "ES256"}):
        token = f"{part(head)}.{part(claims)}.{base64.urlsafe_b64encode(signature).decode()}"
        with pytest.raises(access.NotBelieved):
            access.read(token, NOW)


@given(user=PARTS, session=PARTS, counter=st.integers(1, 10**9 - 1), secret=PARTS)
def test_a_refresh_token_is_read_as_it_was_written(user: str, session: str, counter: int, secret: str) -> None:
    token = RefreshToken(user, session, counter, secret)

    assert RefreshToken.parse(str(token)) == token


@given(text=st.text() | st.lists(st.text(max_size=5), min_size=4, max_size=4).map(".".join))
def test_any_text_is_a_refresh_token_in_one_form_only_or_none(text: str) -> None:
    try:
        token = RefreshToken.parse(text)
    except InvalidToken:
        return
    assert str(token) == text


@pytest.mark.parametrize(
    ("hash_", "seconds", "use"),
    [
        ("now", 0, Use.CURRENT),
        ("now", 9999, Use.CURRENT),
        ("before", 10, Use.REPEATED),
        ("before", 10.001, Use.REUSED),
        ("older", 0, Use.REUSED),
    ],
)
def test_what_a_token_is_depends_on_its_place_and_the_time(hash_: str, seconds: float, use: Use) -> None:
    session = Session("s", "u", "f", 3, "now", "before", NOW, 0, revoked=False)

    assert session.use_of(hash_, NOW + timedelta(seconds=seconds)) is use


@given(failures=st.integers(0, 10**6))
def test_the_wait_never_shrinks_with_failures_and_has_a_longest(failures: int) -> None:
    assert timedelta(0) <= wait_after(failures) <= wait_after(failures + 1) <= LONGEST_WAIT
