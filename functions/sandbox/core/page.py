"""The hosted page: plain HTML without scripts, labelled as a sandbox."""

from html import escape

from common.responses import BinaryResponse
from common.store import Item
from sandbox.core.model import State

_DECIMALS = {
    "jpy": 0,
    "krw": 0,
    "vnd": 0,
    "clp": 0,
    "isk": 2,
    "ugx": 2,
    "bhd": 3,
    "kwd": 3,
    "tnd": 3,
    "omr": 3,
    "jod": 3,
}

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Practice payments</title>
<style>
body {{ font: 1.125rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 2rem auto; padding: 0 1rem; }}
button {{ font: inherit; display: block; width: 100%; margin: .5rem 0; padding: .75rem; }}
.note {{ border: 2px solid; padding: .5rem 1rem; }}
</style>
</head>
<body>
<main>
<p class="note">Practice payments: no card is asked for and no money moves.</p>
<h1>{title}</h1>
{content}
</main>
</body>
</html>
"""

_PAY_BUTTONS = (
    ("paid", "Pay"),
    ("3ds", "Pay with 3-D Secure"),
    ("declined", "Have the card declined"),
    ("abandoned", "Leave without paying"),
)
_CHALLENGE_BUTTONS = (("paid", "Confirm the payment"), ("declined", "Refuse the payment"))
_EXPIRED_BUTTONS = (("late", "Let money arrive that was under way"), ("abandoned", "Go back"))
_COMPLETE_BUTTONS = (("paid", "Tell the merchant again, and go back"),)


def checkout_page(session: Item) -> BinaryResponse:
    """The page of a session, in any state."""
    summary = f"<p>{escape(session['description'])}: <strong>{format_amount(session)}</strong></p>"
    if session["status"] == State.COMPLETE:
        return _html("Paid", summary + _form(session, _COMPLETE_BUTTONS))
    if session["status"] == State.EXPIRED:
        return _html("This page has expired", summary + _form(session, _EXPIRED_BUTTONS))
    alert = '<p role="alert">The card was declined. Try again.</p>' if session.get("declines") else ""
    return _html(f"Pay {format_amount(session)}", alert + summary + _form(session, _PAY_BUTTONS))


def challenge_page(session: Item) -> BinaryResponse:
    """The 3-D Secure question of the buyer's bank."""
    question = f"<p>Your bank asks: do you pay <strong>{format_amount(session)}</strong>?</p>"
    return _html("Your bank (3-D Secure)", question + _form(session, _CHALLENGE_BUTTONS))


def not_found_page() -> BinaryResponse:
    """The page for an unknown session or an invalid form."""
    return _html("There is nothing to pay here", "<p>The address is wrong, or the form is.</p>")


def format_amount(session: Item) -> str:
    """The amount for display, for example `12.50 EUR`."""
    decimals = _DECIMALS.get(session["currency"], 2)
    digits = str(session["amount_total"]).rjust(decimals + 1, "0")
    amount = f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits
    return escape(f"{amount} {session['currency'].upper()}")


def _form(session: Item, choices: tuple[tuple[str, str], ...]) -> str:
    buttons = "".join(f'<button name="outcome" value="{value}">{escape(label)}</button>' for value, label in choices)
    return f'<form method="post" action="{escape(session["url"])}">{buttons}</form>'


def _html(title: str, content: str) -> BinaryResponse:
    security = {"cache-control": "no-store", "content-security-policy": _POLICY, "x-content-type-options": "nosniff"}
    text = _PAGE.format(title=escape(title), content=content)
    return BinaryResponse(text.encode(), "text/html; charset=utf-8", security)
