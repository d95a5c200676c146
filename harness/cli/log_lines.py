"""Log records of the harness as lines on stderr, redacted as the project demands.

Tested in tests/cli/test_diagnostics.py.
"""

from __future__ import annotations

import logging
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from harness import __version__
from harness.text.failures import safe_record
from harness.text.redact import Redaction


class LogLines(logging.Handler):
    """A handler that writes a record as a line, with the seconds since the start."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self.redaction = redaction
        self.setFormatter(
            logging.Formatter("%(seconds)7.2f s  %(levelname)-5s  %(name)s: %(message)s")
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, in place of a progress line that may stand there."""
        shown = safe_record(record, self.redaction)
        shown.seconds = record.relativeCreated / 1000
        shown.levelname = shown.levelname.lower()
        clear = "\r\x1b[K" if sys.stderr.isatty() else ""
        click.echo(clear + self.format(shown), err=True)


@contextmanager
def log_lines(verbosity: int, redaction: Redaction) -> Iterator[None]:
    """Show the records of the harness meanwhile, from INFO on, or from DEBUG on."""
    logger, handler = logging.getLogger("harness"), LogLines(redaction)
    before = logger.level
    logger.setLevel(logging.DEBUG if verbosity > 1 else logging.INFO)
    logger.addHandler(handler)
    logging.getLogger(__name__).info(
        "lora-harness %s, Python %s, %s", __version__, platform.python_version(), sys.platform
    )
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
