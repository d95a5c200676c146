"""Make the real ladder: train adapters of two tasks, score them, and keep the scores as JSON.

    python perf/ladder.py
    python perf/ladder.py --task support --few 8 --scores trial

For each task the shipped base gets five re-seeds of one recipe, an under-trained adapter, one that
lost a slice, one with wrong terms and one with a hotter rate. All are scored on 200 fresh cases.
Each re-seed is also the promoted one of 200 production inputs: it writes, a reviewer (simulated)
sends a final, and every adapter weighs what was sent. What is done is kept in a work folder, so the
same command goes on where it was stopped. `perf/ladder_scores.py` reads the scores.

Tested in tests/perf/test_ladder.py.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ladder_cases import LadderTask
from ladder_outreach import outreach
from ladder_reviewer import review
from ladder_support import support
from trial_project import ROOT

TASKS: dict[str, Callable[[], LadderTask]] = {"outreach": outreach, "support": support}
SCORES = ROOT / "perf" / "ladder_scores"
CHECKED = 8
"""Texts that plain transformers weighs beside us."""


class Ladder:
    """The ladder of one task, with everything that is done kept in a folder."""

    def __init__(self, task: LadderTask, work: Path) -> None:
        """Open the work folder; of another edition of the task nothing is taken."""
        from ladder_model import Base
        from ladder_weighing import Writer

        from harness.flows.project import Project
        from harness.workspace.base.gguf import model_folder

        self.task = task
        edition = hashlib.sha256(repr(task).encode()).hexdigest()[:8]
        self.work = work / f"{task.name}-{edition}"
        self.base = Base(model_folder(Project.here(ROOT).base), task.system)
        self.writer = Writer(self.base)

    def kept(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what is kept under a name; make and keep it the first time."""
        file = self.work / f"{name}.json"
        if not file.is_file():
            begun = time.monotonic()
            made = make()
            file.parent.mkdir(parents=True, exist_ok=True)
            half = file.with_suffix(".half")
            half.write_text(json.dumps(made), encoding="utf-8")
            half.replace(file)
            print(f"{self.task.name}: {name} ({time.monotonic() - begun:.0f} s)", flush=True)
        return json.loads(file.read_text("utf-8"))

    def adapter(self, name: str) -> Path | None:
        """Return the folder of a rung's adapter, trained when it is not there yet; base: None."""
        from ladder_training import rungs, taught, train

        rung = next((rung for rung in rungs(self.task) if rung.name == name), None)
        if rung is None:
            return None
        mark = hashlib.sha256(repr(rung).encode()).hexdigest()[:8]
        folder = self.work / "adapters" / f"{name}-{mark}"
        rows = taught(self.task, rung)
        self.kept(f"trained/{folder.name}", lambda: train(self.base, rung, rows, folder))
        return folder

    def place(self, name: str) -> str:
        """Return the key of a rung's results, which changes with its recipe."""
        folder = self.adapter(name)
        return name if folder is None else folder.name

    def cases(self, name: str) -> dict[str, list[Any]]:
        """Return the likelihood of each fresh case's ideal, and the text that is written."""
        cases = self.task.cases

        def make() -> dict[str, list[Any]]:
            texts, weighed = self.writer.write(name, self.adapter(name), cases)
            likely = [weighed[case.input, case.ideal].likelihood for case in cases]
            return {"likelihood": likely, "texts": [texts[case.input] for case in cases]}

        found: dict[str, list[Any]] = self.kept(f"cases/{self.place(name)}", make)
        asked = [case.input for case in cases]
        self.writer.know(dict(zip(asked, found["texts"], strict=True)))
        return found

    def written(self, name: str) -> list[str]:
        """Return what a promoted adapter writes for the production inputs."""
        asked = [case.input for case in self.task.production]

        def make() -> list[str]:
            texts, _ = self.writer.write(name, self.adapter(name), self.task.production)
            return [texts[one] for one in asked]

        found: list[str] = self.kept(f"production/{self.place(name)}", make)
        self.writer.know(dict(zip(asked, found, strict=True)))
        return found

    def finals(self, promoted: str) -> list[tuple[str, str]]:
        """Return what the reviewer did with each text of a promoted adapter, and what was sent."""
        rng = random.Random(f"{self.task.name} {promoted}")
        pairs = zip(self.written(promoted), self.task.production, strict=True)
        return [review(text, case.ideal, rng) for text, case in pairs]

    def weighed(self, name: str, texts: list[list[str]]) -> list[list[float]]:
        """Return the likelihoods under an adapter of several lists of texts for production."""
        from ladder_weighing import weigh

        asked = [case.input for case in self.task.production]
        lists = [list(zip(asked, some, strict=True)) for some in texts]
        mark = hashlib.sha256(repr(lists).encode()).hexdigest()[:8]

        def make() -> list[list[float]]:
            found = weigh(self.base, self.adapter(name), [row for rows in lists for row in rows])
            return [[found[row].likelihood for row in rows] for rows in lists]

        likely: list[list[float]] = self.kept(f"finals/{self.place(name)}-{mark}", make)
        return likely


def scores(ladder: Ladder) -> dict[str, Any]:
    """Return everything that is kept in the repository of one task's ladder; texts are not."""
    from ladder_training import rungs
    from ladder_weighing import CLOSE, compare_with_plain

    from harness.measure import edit_similarity

    task, recipes = ladder.task, rungs(ladder.task)
    names = [rung.name for rung in recipes]
    promoted = [rung.name for rung in recipes if rung.kind == "reseed"]
    every = {name: ladder.cases(name) for name in [*names, "base"]}
    texts = {name: ladder.written(name) for name in promoted}
    finals = {name: ladder.finals(name) for name in promoted}
    lists = [[sent for _, sent in finals[name]] for name in promoted] + [*texts.values()]
    weighed = {name: ladder.weighed(name, lists) for name in names}
    first = ladder.adapter(names[0])
    assert first is not None
    rows = [(case.input, case.ideal) for case in task.cases[:CHECKED]]
    apart = compare_with_plain(ladder.base.folder, first, task.system, rows)
    assert apart <= CLOSE, f"plain transformers weighs otherwise, by {apart:.1e}"
    return {
        "task": task.name,
        "names": ["base", *names],
        "kinds": ["base", *(rung.kind for rung in recipes)],
        "slices": {
            "cases": [case.kind for case in task.cases],
            "production": [case.kind for case in task.production],
        },
        "likelihood": [_rounded(every[name]["likelihood"]) for name in ["base", *names]],
        "similarity": [
            _rounded(map(edit_similarity, every[name]["texts"], (c.ideal for c in task.cases)))
            for name in ["base", *names]
        ],
        "finals": {
            name: {
                "done": [done for done, _ in finals[name]],
                "sent": [_rounded(weighed[other][place]) for other in names],
                "verbatim": [_rounded(weighed[other][place + len(promoted)]) for other in names],
            }
            for place, name in enumerate(promoted)
        },
    }


def _rounded(numbers: Any) -> list[float]:
    return [round(float(number), 4) for number in numbers]


def few(task: LadderTask, count: int) -> LadderTask:
    """Return the task with its first cases only: all steps in a minute or two."""
    return replace(
        task,
        training=task.training[: 5 * count],
        cases=task.cases[:count],
        production=task.production[:count],
    )


def main() -> int:
    """Make the scores of the tasks that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--task", choices=[*TASKS], action="append", help="default: both")
    parser.add_argument("--work", type=Path, default=ROOT / ".ladder", help="default: .ladder")
    parser.add_argument("--few", type=int, metavar="N", help="only the first N cases, as a trial")
    parser.add_argument("--threads", type=int, help="of torch; default: its own choice")
    parser.add_argument("--scores", type=Path, default=SCORES, help="default: perf/ladder_scores")
    asked = parser.parse_args()
    if asked.few and asked.scores == SCORES:
        parser.error("--few would replace the committed scores: add --scores FOLDER")
    if asked.threads:
        os.environ["OMP_NUM_THREADS"] = str(asked.threads)
    from harness.libraries import quiet_libraries

    quiet_libraries()
    logging.getLogger("transformers").setLevel(logging.ERROR)
    for name in asked.task or TASKS:
        task = TASKS[name]()
        ladder = Ladder(few(task, asked.few) if asked.few else task, asked.work)
        asked.scores.mkdir(parents=True, exist_ok=True)
        text = json.dumps(scores(ladder), separators=(",", ":"))
        file = asked.scores / f"{name}.json"
        file.write_text(text.replace("],", "],\n") + "\n", encoding="utf-8")
        print(f"{file}: {len(text) / 1000:.0f} kB", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
