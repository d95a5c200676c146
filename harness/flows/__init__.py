"""The flows: each joins pure computation with files, engines and the store into one use case."""

from __future__ import annotations

import logging

# Without a handler Python itself would write warnings of a library to stderr.
logging.getLogger(__name__).addHandler(logging.NullHandler())
