"""Parsing of arbitrary access and refresh tokens, their classification, and lockout delays."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auth.core import access_tokens
from auth.core.errors import InvalidRefreshToken
from auth.core.model import MAX_LOCKOUT, Session, TokenUse, lockout_delay
from auth.core.refresh_tokens import RefreshToken
from tests.support.system.in_memory_system import InMemorySystem
from tests.support.system.system import System, row

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PARTS = st.text(st.characters(codec="ascii", exclude_characters=".", min_codepoint=33), min_size=1, max_size=40)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with InMemorySystem().running() as running, running.as_function(row("auth.authorize")):
        yield running


def encode_part(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@given(token=st.text())
@example(token="9" * 4097)
@example(token=f"{encode_part({'kid': 10**4000})}.e30.x")
@example(token=base64.urlsafe_b64encode(b'{"kid":' + b"9" * 2900 + b"}").decode() + ".e30.x")
@example(token=base64.urlsafe_b64encode(b"[" * 2900).decode() + ".e30.x")
@example(token=base64.urlsafe_b64encode(b'{"alg":NaN,"kid":"\\ud800","typ":"at+jwt"}').decode() + ".e30.x")
def test_arbitrary_text_is_an_invalid_access_token(system: System, token: str) -> None:
    with pytest.raises(access_tokens.InvalidAccessToken):
        access_tokens.verify_token(token, NOW)


@given(header=JSON, alg=JSON, claims=JSON, signature=st.binary(max_size=80))
def test_arbitrary_jwt_is_an_invalid_access_token(
    system: System, header: Any, alg: Any, claims: Any, signature: bytes
) -> None:
    valid_header = {"alg": alg, "kid": system.keys["KEYS_TOKEN"].split(",")[0], "typ": "at+jwt"}
    for candidate in (header, valid_header, valid_header | {"alg": "ES256"}):
        token = f"{encode_part(candidate)}.{encode_part(claims)}.{base64.urlsafe_b64encode(signature).decode()}"
        with pytest.raises(access_tokens.InvalidAccessToken):
            access_tokens.verify_token(token, NOW)


@given(user=PARTS, session=PARTS, counter=st.integers(1, 10**9 - 1), secret=PARTS)
def test_refresh_token_parses_what_it_prints(user: str, session: str, counter: int, secret: str) -> None:
    token = RefreshToken(user, session, counter, secret)

    assert RefreshToken.parse(str(token)) == token


@given(text=st.text() | st.lists(st.text(max_size=5), min_size=4, max_size=4).map(".".join))
def test_parsed_refresh_token_has_one_canonical_form(text: str) -> None:
    try:
        token = RefreshToken.parse(text)
    except InvalidRefreshToken:
        return
    assert str(token) == text


@pytest.mark.parametrize(
    ("hash_", "seconds", "use"),
    [
        ("now", 0, TokenUse.CURRENT),
        ("now", 9999, TokenUse.CURRENT),
        ("before", 10, TokenUse.REPEATED),
        ("before", 10.001, TokenUse.REUSED),
        ("older", 0, TokenUse.REUSED),
    ],
)
def test_token_use_depends_on_position_and_time(hash_: str, seconds: float, use: TokenUse) -> None:
    session = Session("s", "u", "f", 3, "now", "before", NOW, 0, revoked=False)

    assert session.classify_token(hash_, NOW + timedelta(seconds=seconds)) is use


@given(failures=st.integers(0, 10**6))
def test_lockout_delay_is_monotonic_and_bounded(failures: int) -> None:
    assert timedelta(0) <= lockout_delay(failures) <= lockout_delay(failures + 1) <= MAX_LOCKOUT
