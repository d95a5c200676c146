"""Hash the lines of a log in which each line carries the hash of the line before.

Tested in tests/workspace/project/test_data_versions.py and
tests/workspace/project/test_voice_days.py.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def line_hash(line: Mapping[str, Any]) -> str:
    """Return the hash of a line over all its keys but `hash` itself."""
    hashed = {key: value for key, value in line.items() if key != "hash"}
    return hashlib.sha256(json.dumps(hashed, sort_keys=True).encode()).hexdigest()
