"""The words of auth's mails, in each language. Codes stand alone in their paragraph."""

from collections.abc import Mapping, Sequence

from auth.core.model import Account
from common.bus.base import Locale
from common.mail import Letter

Said = Mapping[Locale, tuple[str, ...]]  # the subject, then the paragraphs

_VERIFY: Said = {
    "en": (
        "Confirm your e-mail address",
        "Please confirm that this address is yours, with this code within 24 hours:",
        "{code}",
        "If you have not opened an account here, ignore this mail: without the code the address is not confirmed.",
    ),
    "de": (
        "Bestätige deine E-Mail-Adresse",
        "Bitte bestätige mit diesem Code innerhalb von 24 Stunden, dass dies deine Adresse ist:",
        "{code}",
        "Wenn du hier kein Konto eröffnet hast, ignoriere diese Mail: Ohne den Code gilt die Adresse nicht.",
    ),
}
_KNOWN: Said = {
    "en": (
        "You already have an account",
        "Somebody, perhaps you, has opened another account with your address. It cannot be confirmed for a second one.",
        "Your account goes on as before. If you have forgotten its password, ask for another one.",
        "If that was not you, you need not do anything.",
    ),
    "de": (
        "Du hast schon ein Konto",
        "Jemand, vielleicht du selbst, hat mit deiner Adresse ein weiteres Konto eröffnet. Dafür gilt sie nicht.",
        "Dein Konto bleibt, wie es ist. Wenn du sein Passwort vergessen hast, fordere ein neues an.",
        "Wenn du das nicht warst, brauchst du nichts zu tun.",
    ),
}
_RESET: Said = {
    "en": (
        "Set another password",
        "Somebody, probably you, wants to set another password. This code does it, once, within one hour:",
        "{codes}",
        "If that was not you, ignore this mail: your password stays as it is.",
    ),
    "de": (
        "Neues Passwort setzen",
        "Jemand, vermutlich du, möchte ein neues Passwort setzen. Dieser Code tut es, einmal, innerhalb einer Stunde:",
        "{codes}",
        "Wenn du das nicht warst, ignoriere diese Mail: Dein Passwort bleibt, wie es ist.",
    ),
}
_CHANGED: Said = {
    "en": (
        "Your password was changed",
        "Your password was changed, and every other session has ended.",
        "If that was not you, ask for another password at once.",
    ),
    "de": (
        "Dein Passwort wurde geändert",
        "Dein Passwort wurde geändert, und alle anderen Sitzungen sind beendet.",
        "Wenn du das nicht warst, fordere sofort ein neues Passwort an.",
    ),
}
_HELLO: Mapping[Locale, str] = {"en": "Hello {name},", "de": "Hallo {name},"}
_ACCOUNT: Mapping[Locale, str] = {"en": "For the account {name}:", "de": "Für das Konto {name}:"}


def verify(account: Account, code: str) -> Letter:
    return _letter(account, _VERIFY, (code,))


def known(owner: Account) -> Letter:
    return _letter(owner, _KNOWN)


def changed(account: Account) -> Letter:
    return _letter(account, _CHANGED)


def reset(codes: Sequence[tuple[Account, str]]) -> Letter:
    """To the address, of each account that it may open."""
    first, code = codes[0]
    if len(codes) == 1:
        return _letter(first, _RESET, (code,))
    shown = [(_ACCOUNT[one.locale].format(name=one.username), code) for one, code in codes]
    return _letter(first, _RESET, tuple(line for pair in shown for line in pair))


def _letter(account: Account, said: Said, codes: tuple[str, ...] = ()) -> Letter:
    subject, *paragraphs = said[account.locale]
    lines = [line for one in paragraphs for line in (codes if one.startswith("{code") else (one,))]
    hello = _HELLO[account.locale].format(name=account.username)
    return Letter(subject, hello, tuple(lines), locale=account.locale)
