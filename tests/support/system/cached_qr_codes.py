"""A cache of QR codes: their rendering dominates the time to create an e-mail."""

import contextlib
import io
from collections.abc import Iterator
from functools import cache
from typing import Any
from unittest import mock

import segno

_make_qr = segno.make_qr


class CachedQrCode:
    """A QR code and its renderings."""

    def __init__(self, text: str, options: dict[str, Any]) -> None:
        self._code = _make_qr(text, **options)
        self._images: dict[Any, bytes] = {}

    @property
    def matrix(self) -> Any:
        return self._code.matrix

    def save(self, out: Any, **options: Any) -> None:
        cache_key = tuple(options.items())
        if cache_key not in self._images:
            image = io.BytesIO()
            self._code.save(image, **options)
            self._images[cache_key] = image.getvalue()
        out.write(self._images[cache_key])


@cache
def _cached_code(text: str, options: tuple[tuple[str, Any], ...]) -> CachedQrCode:
    return CachedQrCode(text, dict(options))


@contextlib.contextmanager
def cached_qr_codes() -> Iterator[None]:
    """Cache QR codes and their renderings within the block."""
    with mock.patch.object(segno, "make_qr", lambda text, **options: _cached_code(text, tuple(options.items()))):
        yield
