"""Reads QR codes from images."""

import io

import zxingcpp
from PIL import Image

# QR only: with bar codes enabled, the reader sometimes detects one in a QR code's modules.
_QR_FORMAT = zxingcpp.barcode_formats_from_str("QRCode")


def read_codes(image: bytes | Image.Image) -> list[zxingcpp.Barcode]:
    """All QR codes in the image, each with its `text` and `ec_level`."""
    pil_image = Image.open(io.BytesIO(image)) if isinstance(image, bytes) else image
    return list(zxingcpp.read_barcodes(pil_image, formats=_QR_FORMAT))


def read_text(image: bytes | Image.Image) -> str:
    """The text of the only QR code. Raises ValueError unless there is exactly one."""
    [barcode] = read_codes(image)
    return str(barcode.text)
