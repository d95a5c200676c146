"""Log records of the harness on their way to pytest: its logging, and its summary of warnings.

Both get them without the texts that are left out.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness.text.failures import safe_record
from harness.text.redact import Redaction


class SafeRecords(logging.Handler):
    """Hands a safe copy of each record to the handlers that pytest has at the root."""

    def __init__(self, redaction: Redaction, config: pytest.Config) -> None:
        super().__init__()
        self.redaction = redaction
        self._config = config

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a record on, and show a warning at the end of the session as well."""
        shown = safe_record(record, self.redaction)
        root = logging.getLogger()
        if root.handlers:  # pytest's, while it collects and runs
            root.handle(shown)
        if record.levelno >= logging.WARNING:
            self._show_at_the_end(shown)

    def _show_at_the_end(self, shown: logging.LogRecord) -> None:
        """Add a record to pytest's summary of warnings; `-W error` does not make it fail a gate."""
        warning = UserWarning(shown.getMessage())
        message = warnings.WarningMessage(
            warning, UserWarning, shown.pathname, shown.lineno, line=""
        )
        self._config.hook.pytest_warning_recorded.call_historic(
            kwargs={"warning_message": message, "nodeid": "", "when": "config", "location": None}
        )


@contextmanager
def safe_records(redaction: Redaction, config: pytest.Config) -> Iterator[None]:
    """Keep the exact records from the root logger meanwhile; it gets the safe ones."""
    logger, handler = logging.getLogger("harness"), SafeRecords(redaction, config)
    before = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.propagate = before
        logger.removeHandler(handler)
