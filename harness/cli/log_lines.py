"""Show log records of the harness as lines on stderr, redacted as the project demands.

Without `-v` these are its warnings alone.

Tested in tests/cli/test_diagnostics.py.
"""

from __future__ import annotations

import logging
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from harness import __version__
from harness.text.failures import safe_record
from harness.text.redact import Redaction


class LogLines(logging.Handler):
    """A handler that writes each record as a line."""

    def __init__(self, allowed: Callable[[], Redaction], form: str, level: int) -> None:
        super().__init__(level)
        self.allowed = allowed
        """Asked for each record: most commands have none, and the answer takes reading settings."""
        self.setFormatter(logging.Formatter(form))

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, in place of a progress line that may stand there."""
        shown = safe_record(record, self.allowed())
        shown.seconds = record.relativeCreated / 1000
        shown.levelname = shown.levelname.lower()
        clear = "\r\x1b[K" if sys.stderr.isatty() else ""
        click.echo(clear + self.format(shown), err=True)


@contextmanager
def log_lines(verbosity: int, allowed: Callable[[], Redaction]) -> Iterator[None]:
    """Show the records of the harness meanwhile: warnings, or from INFO or from DEBUG on."""
    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbosity, 2)]
    form = "%(seconds)7.2f s  %(levelname)-5s  %(name)s: %(message)s"
    handler = LogLines(allowed, form if verbosity else "%(levelname)s: %(message)s", level)
    logger = logging.getLogger("harness")
    before = logger.level
    if verbosity:
        logger.setLevel(level)
    logger.addHandler(handler)
    logging.getLogger(__name__).info(
        "lora-harness %s, Python %s, %s", __version__, platform.python_version(), sys.platform
    )
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
