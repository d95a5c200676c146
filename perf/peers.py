"""Run the same cases through lm-evaluation-harness in a separate environment: `make bench-peers`.

It writes and scores texts and weighs the ideals, as the gate does; the gate also embeds, compares
and judges. Texts without likelihoods are a line of their own. Gate and ways take turns in every
round, each round in the opposite order of the one before.

    python perf/peers.py [--environment .venv-peers] [--limit 2] [--rounds 5] [--before CHECKOUT]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pairs import RULE, Comparison, compared, in_turn
from trial_project import BENCHMARK, ROOT, commit, machine, trial
from watched import Watched, watched

NEEDED = ("torch==2.13.0", "transformers", "peft", "lm-eval[hf]==0.4.13")
GATE = "this gate, cold, verdict and all"
TEXTS, IDEALS = "texts", "ideals"
END = "<|im_end|>"
"""With which the base ends a turn; the gate weighs it as well."""
RUN = """
import json, sys
from lm_eval import simple_evaluate
from lm_eval.tasks import TaskManager
asked = json.loads(sys.argv[1])
folder = asked.pop("include_path")
found = simple_evaluate(**asked, task_manager=TaskManager(include_path=folder))
told = {task: {k: v for k, v in measured.items() if isinstance(v, float)}
        for task, measured in found["results"].items()}
print(json.dumps(told))
"""
"""What its command does; the command itself has no option for the bootstrap."""


@dataclass(frozen=True)
class Way:
    """The settings of lm-evaluation-harness: its defaults, or its best."""

    name: str
    batch: int
    dtype: str
    bootstrap: int = 100_000
    """As many as it does unasked; it takes at most 100 for `ter`."""
    tasks: tuple[str, ...] = (TEXTS, IDEALS)


WAYS = (
    Way("as it comes (batch 1, float32)", 1, "float32"),
    Way("as it comes, texts without likelihoods", 1, "float32", tasks=(TEXTS,)),
    Way("at its best (batch 25, bfloat16)", 25, "bfloat16"),
    Way("at its best, without its bootstrap", 25, "bfloat16", 0),
    Way("at its best, texts alone, no bootstrap", 25, "bfloat16", 0, (TEXTS,)),
)


class Peer:
    """lm-evaluation-harness with a project's cases of `outreach` as two tasks."""

    def __init__(self, environment: Path, project: Path, most: int = 64) -> None:
        """Take a project's folder, and the most new tokens of a text."""
        self.python = environment / "bin" / "python"
        self.project = project
        self.folder = project / "peer"
        self.base, self.system = _base_and_system(project)
        install(environment)
        self._write_tasks(most)

    def _write_tasks(self, most: int) -> None:
        """Write the cases as a table and the two tasks; nothing is downloaded."""
        self.folder.mkdir()
        source = self.project / "benchmarks" / BENCHMARK / "cases.jsonl"
        cases = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
        rows = [{"input": c["input"], "ideal": _first(c["ideal"])} for c in cases]
        data = self.folder / "cases.jsonl"
        data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        both = {
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": {"test": str(data)}},
            "test_split": "test",
            "doc_to_text": "{{input}}",
        }
        writing = {
            "output_type": "generate_until",
            "doc_to_target": "{{ideal}}",
            "generation_kwargs": {"until": [END], "max_gen_toks": most, "do_sample": False},
            "metric_list": [{"metric": "exact_match"}, {"metric": "ter"}],
        }
        weighing = {
            "output_type": "loglikelihood",
            "doc_to_target": "{{ideal}}" + END,
            "target_delimiter": "",
        }
        for name, what in ((TEXTS, writing), (IDEALS, weighing)):
            task = json.dumps({"task": name} | both | what)
            (self.folder / f"{name}.yaml").write_text(task, encoding="utf-8")

    def run(self, way: Way, adapter: str, limit: int | None = None) -> Watched:
        """Return the whole process; its last line has its measurements."""
        adapted = self.project / "adapters" / adapter
        asked = {
            "model": "hf",
            "model_args": f"pretrained={self.base},peft={adapted},dtype={way.dtype}",
            "tasks": list(way.tasks),
            "batch_size": way.batch,
            "device": "cpu",
            "limit": limit,
            "bootstrap_iters": way.bootstrap,
            "apply_chat_template": True,
            "system_instruction": self.system,
            "include_path": str(self.folder),
        }
        words = [str(self.python), "-c", RUN, json.dumps(asked)]
        done = watched(words, self.folder, self._alone())
        if done.code:
            sys.exit(done.errors)
        return done

    def _alone(self) -> dict[str, str]:
        """Return an environment without our code, without the network, with a separate cache."""
        kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
        offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
        return kept | offline | {"HF_HOME": str(self.folder / "home")}


def _first(ideal: str | list[str]) -> str:
    return ideal if isinstance(ideal, str) else ideal[0]


def install(environment: Path) -> None:
    """Install it once, into an environment that shares no package with ours."""
    if is_ready(environment):
        return
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    python = str(environment / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *NEEDED], check=True)
    (environment / ".ready").write_text(" ".join(NEEDED))


def is_ready(environment: Path) -> bool:
    """Return whether the environment has it, in the version that is measured."""
    ready = environment / ".ready"
    return ready.is_file() and ready.read_text() == " ".join(NEEDED)


def _base_and_system(folder: Path) -> tuple[Path, str]:
    from harness.flows.project import Project
    from harness.workspace.base.gguf import model_folder

    found = Project.here(folder)
    return model_folder(found.base), found.known(BENCHMARK).system


def table(compared_to_gate: dict[str, Comparison]) -> list[str]:
    """Return a line for each way: its time over the gate's, from the same round."""
    lines = ["| | seconds | of this gate |", "|---|--:|--:|"]
    for name, beside in compared_to_gate.items():
        if beside.too_noisy:
            lines.append(f"| {name} | {beside.too_noisy} | |")
        else:
            lines.append(f"| {name} | {beside.left:.1f} | {beside.ratio.told('.1f')} times |")
    return lines


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--environment", type=Path, default=ROOT / ".venv-peers")
    options.add_argument("--cases", type=int, default=25)
    options.add_argument("--limit", type=int, help="Only so many cases of theirs, to try it out.")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--before", type=Path, help="A second checkout, whose gate takes turns.")
    asked = options.parse_args()
    told = machine()
    with ExitStack() as stack:
        project = stack.enter_context(trial(asked.cases, 1))
        peer = Peer(asked.environment.absolute(), project.folder)
        name = project.candidates[0]
        actions: dict[str, Callable[[], float]] = {GATE: lambda: project.cold(name)}
        if asked.before:
            old = stack.enter_context(trial(asked.cases, 1, asked.before.resolve()))
            actions[f"the gate of commit {commit(asked.before)}"] = lambda: old.cold(name)
        for way in WAYS:
            actions[way.name] = lambda way=way: peer.run(way, name, asked.limit).seconds
        turns = in_turn(actions, asked.rounds)
    print("\n".join(f"- {line}" for line in told))
    print(f"- {project.cases} cases of {BENCHMARK}, {NEEDED[-1]}, {asked.rounds} rounds\n")
    print("\n".join(table({one: compared(turns[one], turns[GATE]) for one in actions})))
    print(f"\n{RULE}.")


if __name__ == "__main__":
    main()
