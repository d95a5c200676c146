"""The scripts of `perf` import each other by name, as Python does for a script's own folder."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "perf"))
