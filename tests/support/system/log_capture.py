"""Captures log records independently of the log handlers."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from common import log

RecordedMetrics = list[tuple[str, float]]  # name and value


class LogCapture(logging.Handler):
    """All records of the functions' logger."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def with_message(self, message: str) -> list[logging.LogRecord]:
        return [one for one in self.records if one.getMessage() == message]

    def text(self) -> str:
        """The text of all records, with stack traces and fields."""
        texts = (str(vars(one)) + logging.Formatter().format(one) for one in self.records)
        return "\n".join(texts)


@contextmanager
def capture_logs() -> Iterator[LogCapture]:
    """Capture logs within the block."""
    capture, logger = LogCapture(), logging.getLogger(log.logger.name)
    level = logger.level
    logger.addHandler(capture)
    logger.setLevel(logging.INFO)
    try:
        yield capture
    finally:
        logger.removeHandler(capture)
        logger.setLevel(level)
