"""The search index in S3: one object; each of its versions is a complete snapshot.

Builders write with If-Match, so that concurrent builders lose no changes. Readers keep the snapshot in a temporary
file and check for a newer one every few seconds.
"""

import shutil
import tempfile
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from common import clock, env, log
from common.retries import Contention
from events.core.search_index import IncompatibleIndex, SearchIndex

OBJECT_KEY = "events.sqlite3"
REFRESH_INTERVAL = timedelta(seconds=5)
_NO_SUCH_KEY = "NoSuchKey"
_CONFLICT_CODES = {"PreconditionFailed", "ConditionalRequestConflict", _NO_SUCH_KEY}


class SnapshotConflict(Exception):
    """Another builder has replaced the snapshot."""


def load() -> tuple[SearchIndex | None, str | None]:
    """Return the stored index, if it is usable, and the ETag for `replace`."""
    try:
        response = _s3().get_object(**_location())
    except ClientError as error:
        if _error_code(error) != _NO_SUCH_KEY:
            raise
        return None, None
    try:
        return SearchIndex.from_bytes(response["Body"].read()), response["ETag"]
    except IncompatibleIndex as reason:
        log.logger.warning("search snapshot is unusable and will be rebuilt", extra={"reason": str(reason)})
        return None, response["ETag"]


def replace(index: SearchIndex, etag: str | None) -> None:
    """Store the index in place of the version with this ETag. Raises SnapshotConflict."""
    condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
    try:
        _s3().put_object(**_location(), Body=index.to_bytes(), ContentType="application/vnd.sqlite3", **condition)
    except ClientError as error:
        if _error_code(error) in _CONFLICT_CODES:
            raise SnapshotConflict from None
        raise


class IndexReader:
    """The index that this process has loaded, refreshed every `REFRESH_INTERVAL`."""

    def __init__(self) -> None:
        self._index: SearchIndex | None = None
        self._etag: str | None = None
        self._refreshed_at: datetime | None = None

    def index(self) -> SearchIndex:
        """Return the index; a stale one if the refresh fails. Raises Contention if none could be loaded yet."""
        now = clock.now()
        if self._refreshed_at is None or abs(now - self._refreshed_at) >= REFRESH_INTERVAL:
            try:
                self._refresh()
            except (BotoCoreError, ClientError, IncompatibleIndex) as reason:
                if self._index is None:
                    raise Contention("no search index is available") from reason
                log.logger.warning("search snapshot could not be refreshed", exc_info=True)
            self._refreshed_at = now
        return self._index or SearchIndex.empty()

    def _refresh(self) -> None:
        condition = {"IfNoneMatch": self._etag} if self._etag else {}
        try:
            response = _s3().get_object(**_location(), **condition)
        except ClientError as error:
            if _error_code(error) in ("304", _NO_SUCH_KEY):
                return
            raise
        with tempfile.NamedTemporaryFile(suffix=".sqlite3") as file:
            shutil.copyfileobj(response["Body"], file)
            file.flush()
            # SQLite keeps the file open, so that it can be unlinked now.
            self._index, self._etag = SearchIndex.from_file(Path(file.name)), response["ETag"]


def current_index() -> SearchIndex:
    """Return the index that serves searches."""
    return _reader(_s3()).index()


@lru_cache(maxsize=1)
def _reader(_client: Any) -> IndexReader:
    # One reader per process and S3 client: tests use several accounts in one process.
    return IndexReader()


def clear_cache() -> None:
    """Drop the loaded index, for tests that cannot wait for the refresh."""
    _reader.cache_clear()


def _s3() -> Any:
    return env.client("s3")


def _location() -> dict[str, str]:
    return {"Bucket": env.setting("BUCKET_SEARCH"), "Key": OBJECT_KEY}


def _error_code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
