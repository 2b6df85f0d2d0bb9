"""Page tokens: opaque, signed, and bound to the caller and the query they came from."""

import base64
import hashlib
import hmac
import json
import zlib
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from common import env, store
from common.problems import Malformed
from common.store import Item, Key

_SIGNATURE = 16  # bytes of HMAC-SHA256 kept: 128 bits


class BadToken(Malformed):
    """The page token was not issued for this list."""


@dataclass(frozen=True)
class Page:
    """Items of one page and the tokens to go either way; None where there is nothing more."""

    items: list[Item]
    next_token: str | None
    previous_token: str | None


@dataclass(frozen=True)
class Listing:
    """A list kept by an index: `index_keys` are the attributes that place an item in it."""

    table: str
    index: str
    pk: str
    sk: str
    newest_first: bool = True

    def page(self, owner: str, *, limit: int, token: str | None) -> Page:
        """The page at `token` of the owner's list; whole items, read from the table itself."""
        scope = f"{self.table}/{self.index}/{owner}"
        place: Any = decode(token, scope) if token else {"forward": True, "at": None}
        forward = bool(place["forward"])
        keys = self._keys(owner, limit + 1, place["at"], forward=forward)
        more, keys = len(keys) > limit, keys[:limit]
        if not forward:
            keys.reverse()
        # The table is read consistently; an item that went since it was listed is left out.
        items = store.batch_get(self.table, [{"pk": key["pk"], "sk": key["sk"]} for key in keys])
        behind = place["at"] is not None
        onward, back = (more, behind) if forward else (behind, more)
        # With nothing left on this side, the other way begins at the list's end.
        last, first = (keys[-1], keys[0]) if keys else (None, None)
        return Page(
            items,
            encode({"forward": True, "at": last}, scope) if onward else None,
            encode({"forward": False, "at": first}, scope) if back else None,
        )

    def _keys(self, owner: str, wanted: int, at: Key | None, *, forward: bool) -> list[Item]:
        found: list[Item] = []
        while len(found) < wanted:
            page, at = store.query(
                self.table,
                "#owner = :owner".replace("owner", self.pk),
                {self.pk: owner},
                index=self.index,
                limit=wanted - len(found),
                start=at,
                forward=forward != self.newest_first,
            )
            found += page
            if at is None:
                break
        return [{name: item[name] for name in {"pk", "sk", self.pk, self.sk}} for item in found]


@dataclass(frozen=True)
class Sharded(Listing):
    """A list spread over several keys of its index, so that none of them is hot; `sk` is unique in the list.

    A page is merged from the next items of every shard.
    """

    shards: int = 8

    def key(self, owner: str, item_id: str) -> str:
        """The index key of an item of the owner's list."""
        return f"{owner}#{zlib.crc32(item_id.encode()) % self.shards}"

    def _keys(self, owner: str, wanted: int, at: Key | None, *, forward: bool) -> list[Item]:
        found: list[Item] = []
        for shard in (f"{owner}#{number}" for number in range(self.shards)):
            found += super()._keys(shard, wanted, {**at, self.pk: shard} if at else None, forward=forward)
        return sorted(found, key=itemgetter(self.sk), reverse=forward == self.newest_first)[:wanted]


def encode(place: Any, scope: str) -> str:
    """A token for this place in this list."""
    body = json.dumps(place, separators=(",", ":"), sort_keys=True).encode()
    return base64.urlsafe_b64encode(_sign(body, scope) + body).decode().rstrip("=")


def decode(token: str, scope: str) -> Any:
    """The place that the token names. Raises BadToken if it was not issued for this list."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise BadToken from None
    signature, body = raw[:_SIGNATURE], raw[_SIGNATURE:]
    if not hmac.compare_digest(signature, _sign(body, scope)):
        raise BadToken
    return json.loads(body)


def _sign(body: bytes, scope: str) -> bytes:
    key = env.secret("cursor").encode()
    return hmac.new(key, scope.encode() + b"\x00" + body, hashlib.sha256).digest()[:_SIGNATURE]
