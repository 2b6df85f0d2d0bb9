"""Codes that mails bring: each proves a mailbox, once and for a while; only their hashes are kept."""

import base64
import hashlib
import hmac
from contextlib import suppress
from datetime import timedelta

from auth.core.errors import CodeInvalid
from auth.core.letters import Matter
from auth.core.model import Account
from common import clock, env, store
from common.store import ConditionFailed, Item, Put, Update

_TABLE = "auth"
_LIVES = {Matter.VERIFY: timedelta(hours=24), Matter.RESET: timedelta(hours=1)}


def given(letter: Item, account: Account) -> str:
    """The letter's code for this account: always the same one, so that a letter may be written again."""
    matter = Matter(letter["matter"])
    until = clock.parse(letter["created_at"]) + _LIVES[matter]
    code = _derived(letter["id"], account.id)
    item = _key(code) | {"matter": str(matter), "account_id": account.id, "expires_at": int(until.timestamp())}
    # The password of now: after another one the code is worth nothing, and writing again does not revive it.
    item |= {"password_version": account.sessions_from}
    with suppress(ConditionFailed):
        store.write(Put(_TABLE, item, condition="attribute_not_exists(#pk)"))
    return code


def read(code: str, matter: Matter) -> Item:
    """What the code is for. Raises CodeInvalid."""
    found = store.get(_TABLE, _key(code))
    if not found or found["matter"] != matter or clock.now().timestamp() >= found["expires_at"]:
        raise CodeInvalid(pointer="/token")
    return found


def spend(code: str) -> Update:
    """The write that only the first use of the code can make."""
    once = "attribute_exists(#pk) AND attribute_not_exists(#used_at)"
    values = {"now": clock.iso(clock.now())}
    return Update(_TABLE, _key(code), "SET #used_at = :now", condition=once, values=values)


def _derived(*parts: str) -> str:
    digest = hmac.new(env.secret("mail-code").encode(), "/".join(parts).encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _key(code: str) -> dict[str, str]:
    return {"pk": f"code#{hashlib.sha256(code.encode()).hexdigest()}", "sk": "code"}
