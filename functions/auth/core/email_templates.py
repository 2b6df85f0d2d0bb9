"""The texts of auth's e-mails in each language. A code is a paragraph of its own."""

from collections.abc import Mapping, Sequence

from auth.core.model import Account
from common.bus.base import Locale
from common.mail import Email

Template = Mapping[Locale, tuple[str, ...]]  # the subject, then the paragraphs

_VERIFICATION: Template = {
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
_ADDRESS_IN_USE: Template = {
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
_PASSWORD_RESET: Template = {
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
_PASSWORD_CHANGED: Template = {
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
_GREETING: Mapping[Locale, str] = {"en": "Hello {name},", "de": "Hallo {name},"}
_ACCOUNT_LABEL: Mapping[Locale, str] = {"en": "For the account {name}:", "de": "Für das Konto {name}:"}


def verification(account: Account, code: str) -> Email:
    return _render(account, _VERIFICATION, (code,))


def address_in_use(owner: Account) -> Email:
    return _render(owner, _ADDRESS_IN_USE)


def password_changed(account: Account) -> Email:
    return _render(account, _PASSWORD_CHANGED)


def password_reset(codes: Sequence[tuple[Account, str]]) -> Email:
    """One e-mail with a code for each account of the address."""
    first, code = codes[0]
    if len(codes) == 1:
        return _render(first, _PASSWORD_RESET, (code,))
    labelled_codes = [(_ACCOUNT_LABEL[account.locale].format(name=account.username), code) for account, code in codes]
    return _render(first, _PASSWORD_RESET, tuple(line for pair in labelled_codes for line in pair))


def _render(account: Account, template: Template, codes: tuple[str, ...] = ()) -> Email:
    subject, *paragraphs = template[account.locale]
    lines = [line for paragraph in paragraphs for line in (codes if paragraph.startswith("{code") else (paragraph,))]
    greeting = _GREETING[account.locale].format(name=account.username)
    return Email(subject, greeting, tuple(lines), locale=account.locale)
