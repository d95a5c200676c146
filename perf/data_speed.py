"""Measure `data check` on a large training set: its time and memory; a figure, not a test.

.venv/bin/python perf/data_speed.py [EXAMPLES] [templates|words|copies]
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "adapters" / "datasets" / "outreach_240.jsonl"


def main(count: int, kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "large.jsonl"
        with file.open("w", encoding="utf-8") as out:
            for row in rows(count, kind):
                out.write(json.dumps(row) + "\n")
        command = [sys.executable, "-m", "harness.cli", "data", "check", str(file), "--json"]
        begun = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        seconds = time.monotonic() - begun
        said = json.loads(done.stdout)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        megabytes = used.ru_maxrss / 1024
        print(
            f"{count:,} examples of {kind}, {file.stat().st_size / 1e6:.0f} MB: {seconds:.1f} s,"
            f" {used.ru_utime + used.ru_stime:.1f} s of computing,"
            f" {megabytes:.0f} MB at most, load {os.getloadavg()[0]:.1f}; {said.get('counts')}"
        )


def rows(count: int, kind: str) -> Iterator[dict[str, object]]:
    """Make new examples from the shipped ones: the same form with other words, or words alone."""
    random_ = random.Random(0)
    letters = "abcdefghijklmnoprstuvw"
    vocabulary = ["".join(random_.choices(letters, k=random_.randint(3, 9))) for _ in range(4000)]
    shipped = [json.loads(line) for line in SHIPPED.read_text(encoding="utf-8").splitlines()]

    def varied(text: str) -> str:
        return " ".join(
            random_.choice(vocabulary) if random_.random() < 0.5 else word
            for word in text.split(" ")
        )

    for number in range(count):
        one = random_.choice(shipped)
        if kind == "copies" and number % 2:
            yield one
        elif kind == "words":
            text = [random_.choice(vocabulary) for _ in range(60)]
            yield {"input": " ".join(text[:40]), "output": " ".join(text[40:]) + "."}
        else:
            yield one | {"input": varied(one["input"]), "output": varied(one["output"])}


if __name__ == "__main__":
    words = sys.argv[1:]
    main(int(words[0]) if words else 100_000, words[1] if len(words) > 1 else "templates")
