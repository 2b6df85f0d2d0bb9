"""What was logged: the records themselves, wherever the logger would have written them."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from common import log

Outcomes = list[tuple[str, float]]  # what was counted: name and value


class Lines(logging.Handler):
    """Every record of the functions' logger, as it was handed over."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def said(self, message: str) -> list[logging.LogRecord]:
        return [one for one in self.records if one.getMessage() == message]

    def text(self) -> str:
        """All that any of the records holds, their stacks included."""
        told = (str(vars(one)) + logging.Formatter().format(one) for one in self.records)
        return "\n".join(told)


@contextmanager
def logged() -> Iterator[Lines]:
    """Within the block, what is logged is kept."""
    lines, logger = Lines(), logging.getLogger(log.logger.name)
    level = logger.level
    logger.addHandler(lines)
    logger.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        logger.removeHandler(lines)
        logger.setLevel(level)
