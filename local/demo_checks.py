"""Steps and checks of the demo."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from local import qr_reader
from local.client import ApiResponse


class DemoFailed(AssertionError):
    """A step of the demo has an unexpected result."""


@contextmanager
def timed_step(description: str) -> Iterator[None]:
    """Print one line for each step with its duration."""
    started = time.monotonic()
    try:
        yield
    except BaseException:
        print(f"  ✗ {description}", flush=True)
        raise
    print(f"  ✓ {description}  {(time.monotonic() - started) * 1000:.0f} ms", flush=True)


def check(condition: object, message: object) -> None:
    """Raises DemoFailed with the message unless the condition holds."""
    if not condition:
        raise DemoFailed(str(message))


def expect_problem(response: ApiResponse, status: int, problem: str) -> None:
    """Raises DemoFailed unless the response has this status and problem."""
    actual = (response.status, response.json.get("type"))
    check(actual == (status, f"/problems/{problem}"), actual)


def decode_qr_code(image: bytes) -> str:
    """The text of the only QR code in the image. Raises DemoFailed."""
    barcodes = qr_reader.read_codes(image)
    check(len(barcodes) == 1, f"{len(barcodes)} codes in the image")
    return str(barcodes[0].text)
