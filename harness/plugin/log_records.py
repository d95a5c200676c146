"""Log records of the harness on their way to pytest's logging, without texts left out."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from harness.text.failures import safe_record
from harness.text.redact import Redaction


class SafeRecords(logging.Handler):
    """Hands a safe copy of each record to the handlers that pytest has at the root."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self.redaction = redaction

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a record on."""
        logging.getLogger().handle(safe_record(record, self.redaction))


@contextmanager
def safe_records(redaction: Redaction) -> Iterator[None]:
    """Keep the exact records from the root logger meanwhile; it gets the safe ones."""
    logger, handler = logging.getLogger("harness"), SafeRecords(redaction)
    before = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.propagate = before
        logger.removeHandler(handler)
