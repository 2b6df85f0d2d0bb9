"""QR codes that are drawn once: the same text is the same picture, and drawing is most of a mail's time."""

import contextlib
import io
from collections.abc import Iterator
from functools import cache
from typing import Any
from unittest import mock

import segno

_make = segno.make_qr


class Drawn:
    """A code and what was drawn of it."""

    def __init__(self, text: str, how: dict[str, Any]) -> None:
        self._code = _make(text, **how)
        self._pictures: dict[Any, bytes] = {}

    @property
    def matrix(self) -> Any:
        return self._code.matrix

    def save(self, out: Any, **how: Any) -> None:
        known = tuple(how.items())
        if known not in self._pictures:
            picture = io.BytesIO()
            self._code.save(picture, **how)
            self._pictures[known] = picture.getvalue()
        out.write(self._pictures[known])


@cache
def _drawn(text: str, how: tuple[tuple[str, Any], ...]) -> Drawn:
    return Drawn(text, dict(how))


@contextlib.contextmanager
def remembered() -> Iterator[None]:
    """Within the block no code is drawn twice."""
    with mock.patch.object(segno, "make_qr", lambda text, **how: _drawn(text, tuple(how.items()))):
        yield
