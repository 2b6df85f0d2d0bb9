"""The search index in S3: one object, whose every version is a whole index.

Builders replace it on the condition that it is still the one they started from, so none loses what
another did. Readers keep their copy as a temporary file and look for a newer one now and then.
"""

import shutil
import tempfile
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from common import clock, env, log
from common.patience import NotNow
from events.core.index import Index, Unusable

KEY = "events.sqlite3"
LOOK_EVERY = timedelta(seconds=5)
_MISSING = "NoSuchKey"
_OVERTAKEN = {"PreconditionFailed", "ConditionalRequestConflict", _MISSING}


class Overtaken(Exception):
    """Another builder has replaced the snapshot meanwhile."""


def load() -> tuple[Index | None, str | None]:
    """The present index, if there is a usable one, and the ETag to replace it by."""
    try:
        found = _s3().get_object(**_object())
    except ClientError as error:
        if _code(error) != _MISSING:
            raise
        return None, None
    try:
        return Index.of(found["Body"].read()), found["ETag"]
    except Unusable as reason:
        log.logger.warning("the snapshot is built anew", extra={"reason": str(reason)})
        return None, found["ETag"]


def replace(index: Index, etag: str | None) -> None:
    """Make the index the present one, in place of that with the ETag. Raises Overtaken."""
    condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
    try:
        _s3().put_object(**_object(), Body=index.content(), ContentType="application/vnd.sqlite3", **condition)
    except ClientError as error:
        if _code(error) in _OVERTAKEN:
            raise Overtaken from None
        raise


class Reader:
    """The newest index that this process knows."""

    def __init__(self) -> None:
        self._index: Index | None = None
        self._etag: str | None = None
        self._looked_at: datetime | None = None

    def index(self) -> Index:
        """At most 5 s old; one that cannot be renewed is better than none. Raises NotNow while there is none to use."""
        now = clock.now()
        if self._looked_at is None or abs(now - self._looked_at) >= LOOK_EVERY:
            try:
                self._look()
            except (BotoCoreError, ClientError, Unusable) as reason:
                if self._index is None:
                    raise NotNow("there is no index to search") from reason
                log.logger.warning("the snapshot cannot be renewed", exc_info=True)
            self._looked_at = now
        return self._index or Index.empty()

    def _look(self) -> None:
        known = {"IfNoneMatch": self._etag} if self._etag else {}
        try:
            found = _s3().get_object(**_object(), **known)
        except ClientError as error:
            if _code(error) in ("304", _MISSING):
                return
            raise
        with tempfile.NamedTemporaryFile(suffix=".sqlite3") as file:
            shutil.copyfileobj(found["Body"], file)
            file.flush()
            # Once open, the file needs no name, and goes with this process.
            self._index, self._etag = Index.at(Path(file.name)), found["ETag"]


def current() -> Index:
    """The index that searches are answered from."""
    return _reader(_s3()).index()


@lru_cache(maxsize=1)
def _reader(_client: Any) -> Reader:
    # One per process; a new client (in tests: another account) knows nothing of what the last one read.
    return Reader()


def forget() -> None:
    """Drop what was read, for tests that go on at once."""
    _reader.cache_clear()


def _s3() -> Any:
    return env.client("s3")


def _object() -> dict[str, str]:
    return {"Bucket": env.setting("BUCKET_SEARCH"), "Key": KEY}


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
