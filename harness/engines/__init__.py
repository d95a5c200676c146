"""Engines turn prompts into outputs; each keeps the small protocol of `protocol.Engine`."""

from __future__ import annotations

import logging

# Without a handler Python itself would write warnings of a library to stderr.
logging.getLogger(__name__).addHandler(logging.NullHandler())
