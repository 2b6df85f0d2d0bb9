"""What a scanner at the door reads off a picture."""

import io

import zxingcpp
from PIL import Image

# Among so many modules a reader that also looks for stripes finds some, now and then.
_QR = zxingcpp.barcode_formats_from_str("QRCode")


def codes(picture: bytes | Image.Image) -> list[zxingcpp.Barcode]:
    """All QR codes in it, each with its `text` and `ec_level`."""
    opened = Image.open(io.BytesIO(picture)) if isinstance(picture, bytes) else picture
    return list(zxingcpp.read_barcodes(opened, formats=_QR))


def text(picture: bytes | Image.Image) -> str:
    """That of its only QR code. Raises ValueError if there is none, or another."""
    [found] = codes(picture)
    return str(found.text)
