"""A signed text as a QR code: exactly that text, with the quiet zone that scanners need."""

import io

import segno

_MODULE_PIXELS = 8
_QUIET_ZONE = 4  # modules, ISO/IEC 18004


def svg(payload: str) -> bytes:
    return _drawn(payload, "svg")


def png(payload: str) -> bytes:
    return _drawn(payload, "png")


def modules(payload: str) -> list[bytearray]:
    """The rows of the square, each of its modules dark or not; without the quiet zone."""
    return [bytearray(row) for row in _made(payload).matrix]


def _made(payload: str) -> segno.QRCode:
    # Level M: 15 % of the modules may be unreadable (a scratched screen, a fold).
    return segno.make_qr(payload, error="m")


def _drawn(payload: str, kind: str) -> bytes:
    drawing = io.BytesIO()
    _made(payload).save(drawing, kind=kind, scale=_MODULE_PIXELS, border=_QUIET_ZONE, dark="#000", light="#fff")
    return drawing.getvalue()
