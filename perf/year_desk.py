"""The desk of the replayed year: the adapter in production writes, a declared editor reviews.

The editor sends an output as it is where it lies within a tenth of the ideal, else the ideal in its
place. That is a rule and no person, so every review is labelled synthetic.

Tested in tests/perf/test_year.py.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ladder_cases import LadderCase

from harness.flows.evaluation.backend import Backend
from harness.flows.evaluation.backends import open_backend
from harness.flows.evaluation.work import prompts_for
from harness.flows.project import Project
from harness.measure import edit_rate
from harness.records import SYNTHETIC, Case

ACCEPTED = 0.10
"""An output whose edit rate is at most this is sent as it is."""
EDITORS = ("Maren", "Tobias")
"""Names that the rule signs with, in turn."""
WORKDAYS, OPENS, OPEN_HOURS = 4, 9, 8
"""Reviews fall on Tuesday to Friday: what is decided on a Monday holds from the next day on."""


@dataclass
class Desk:
    """What adapters wrote for inputs of everyday use, kept by their bytes."""

    kept: Path
    _copies: TemporaryDirectory[str] = field(default_factory=TemporaryDirectory)
    _backend: Backend | None = None

    def outputs(
        self, project: Project, name: str, cases: Sequence[LadderCase]
    ) -> tuple[str, list[str]]:
        """Return an adapter's digest, and its greedy outputs; each is written only once."""
        benchmark, backend = project.task_benchmark(None), self._opened(project)
        adapter = backend.adapter(name)
        file = self.kept / f"{adapter.digest[:16]}.jsonl"
        known = self._known(file)
        asked = [case for case in cases if case.input not in known]
        prompts = [
            prompts_for(benchmark, Case(str(place), case.input, (case.ideal,)), name)[0]
            for place, case in enumerate(asked)
        ]
        for batch in backend.generate(adapter, benchmark, prompts) if prompts else ():
            known |= {asked[int(one.case)].input: one.text for one in batch}
        self.kept.mkdir(parents=True, exist_ok=True)
        lines = (json.dumps([asked, text]) + "\n" for asked, text in known.items())
        file.write_text("".join(lines), encoding="utf-8")
        return adapter.digest, [known[case.input] for case in cases]

    def _opened(self, project: Project) -> Backend:
        """Return the engine with the base loaded; one for the whole year."""
        if self._backend is None:
            self._backend = open_backend(project, None, lambda: Path(self._copies.name))
        return self._backend

    def _known(self, file: Path) -> dict[str, str]:
        if not file.exists():
            return {}
        return dict(json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())


def reviewed(output: str, ideal: str) -> dict[str, str]:
    """Return what the declared editor does with an output."""
    if edit_rate(output, ideal) <= ACCEPTED:
        return {"decision": "accepted", "final": output}
    return {"decision": "edited", "final": ideal}


def week_of_reviews(
    monday: datetime, adapter: str, digest: str, cases: Sequence[LadderCase], outputs: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the reviews of a week, in the order of their times."""
    rng = random.Random(f"{monday:%Y-%m-%d}")
    minutes = sorted(rng.randrange(WORKDAYS * OPEN_HOURS * 60) for _ in cases)
    found = []
    for place, (case, output, minute) in enumerate(zip(cases, outputs, minutes, strict=True)):
        if not output.strip():
            continue  # nothing was shown, so there is nothing to review
        day, within = divmod(minute, OPEN_HOURS * 60)
        at = monday.replace(hour=OPENS, minute=0, second=0) + timedelta(
            days=1 + day, minutes=within
        )
        industry = case.input.partition("(")[2].partition(")")[0]
        found.append(
            {
                "id": f"year-{monday:%Y-%m-%d}-{place + 1:02}",
                "at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
                "task": "outreach",
                "adapter": adapter,
                "digest": digest,
                "input": case.input,
                "output": output,
                **reviewed(output, case.ideal),
                "reviewer": EDITORS[place % len(EDITORS)],
                "slices": {"kind": case.kind} | ({"industry": industry} if industry else {}),
                "source": SYNTHETIC,
            }
        )
    return found
