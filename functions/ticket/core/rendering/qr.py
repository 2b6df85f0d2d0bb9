"""A signed payload as a QR code with the quiet zone that scanners need."""

import io

import segno

_MODULE_PIXELS = 8
_QUIET_ZONE = 4  # modules, ISO/IEC 18004


def svg(payload: str) -> bytes:
    return _render(payload, "svg")


def png(payload: str) -> bytes:
    return _render(payload, "png")


def modules(payload: str) -> list[bytearray]:
    """The rows of the symbol without quiet zone; a module is 1 if dark."""
    return [bytearray(row) for row in _encode(payload).matrix]


def _encode(payload: str) -> segno.QRCode:
    # Error correction level M: up to 15 % of the symbol may be damaged.
    return segno.make_qr(payload, error="m")


def _render(payload: str, kind: str) -> bytes:
    buffer = io.BytesIO()
    _encode(payload).save(buffer, kind=kind, scale=_MODULE_PIXELS, border=_QUIET_ZONE, dark="#000", light="#fff")
    return buffer.getvalue()
