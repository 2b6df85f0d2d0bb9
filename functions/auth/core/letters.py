"""Mails that auth owes: written down beside what causes them, sent when the bus says so, gone after a day."""

from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from typing import Any

from auth.core import claims
from common import clock, ids, store
from common.bus.auth import LetterDue
from common.outbox import born, entry
from common.store import ConditionFailed, Delete, Item, Key, Put, Update

_TABLE = "auth"
_KEPT = timedelta(days=1)
_MOST = 5  # of a kind, to one address, in one hour: nobody's mailbox is filled by strangers


class Matter(StrEnum):
    """What a letter is about."""

    VERIFY = "VERIFY"  # a code that proves the address
    RESET = "RESET"  # a code that sets another password
    CHANGED = "CHANGED"  # the password was changed


def wanted(matter: Matter, **about: Any) -> Put:
    """The write that orders a letter: `account_id` says to whom, or `address` (an e-mail claim's `pk`)."""
    letter_id, gone = ids.new(), int((clock.now() + _KEPT).timestamp())
    item = _key(letter_id) | {"id": letter_id, "matter": str(matter), "expires_at": gone} | about
    return Put(_TABLE, born(item, actor="auth", publish=[entry(LetterDue)]))


def forgotten(email: str) -> None:
    """Order a code for whoever has the address: the same one write whether or not there is anybody."""
    store.write(wanted(Matter.RESET, address=claims.of_email(email)["pk"]))


def due(letter_id: str) -> Item | None:
    """The letter, unless it has been seen to."""
    found = store.get(_TABLE, _key(letter_id))
    return found if found and "sent_at" not in found and "failed_at" not in found else None


def settle(letter_id: str, how: str) -> bool:
    """The letter is `sent_at` or `failed_at` now; False if another delivery had settled it."""
    open_still = "attribute_exists(#pk) AND attribute_not_exists(#sent_at) AND attribute_not_exists(#failed_at)"
    values = {"now": clock.iso(clock.now())}
    try:
        store.write(Update(_TABLE, _key(letter_id), f"SET #{how} = :now", condition=open_still, values=values))
    except ConditionFailed:
        return False
    return True


def within_bounds(letter: Item, address: str) -> bool:
    """Count the letter to this address, the same letter once; False if there were too many."""
    counted = {"pk": address, "sk": f"letters#{letter['matter']}#{letter['created_at'][:13]}"}
    values = {"this": {letter["id"]}, "id": letter["id"], "most": _MOST, "gone": letter["expires_at"]}
    room = "attribute_not_exists(#letters) OR contains(#letters, :id) OR size(#letters) < :most"
    try:
        store.write(
            Update(_TABLE, counted, "ADD #letters :this SET #expires_at = :gone", condition=room, values=values)
        )
    except ConditionFailed:
        return False
    return True


def forget(address: str, account_id: str) -> None:
    """Delete what is kept of letters to this address, but for those that are other accounts' own."""
    values = {"pk": address, "sk": "letters#"}
    counted, _ = store.query(_TABLE, "#pk = :pk AND begins_with(#sk, :sk)", values)  # of a day: one page
    for one in counted:
        for letter_id in one["letters"]:
            _delete(_key(letter_id), "attribute_exists(#address) OR #account_id = :mine", {"mine": account_id})
        store.write(Delete(_TABLE, {"pk": one["pk"], "sk": one["sk"]}))


def _delete(key: Key, condition: str, values: dict[str, Any]) -> None:
    with suppress(ConditionFailed):  # gone, or another's
        store.write(Delete(_TABLE, key, condition=condition, values=values))


def _key(letter_id: str) -> dict[str, str]:
    return {"pk": letter_id, "sk": "letter"}
