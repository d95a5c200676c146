"""Read the files of a project: settings, benchmarks, adapters, weights, training data.

Readers are strict, name file and line, and never follow a path out of its folder.
"""

from __future__ import annotations

import logging

# Without a handler Python itself would write warnings of a library to stderr.
logging.getLogger(__name__).addHandler(logging.NullHandler())
