"""Run the same cases through lm-evaluation-harness in a separate environment: `make bench-peers`.

It writes and scores texts and weighs the ideals, as the gate does; the gate also embeds, compares
and judges. Texts without likelihoods are a line of their own.

    python perf/peers.py [--environment .venv-peers] [--limit 2] [--rounds 1]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from trial_project import BENCHMARK, ROOT, TrialProject, machine, trial

NEEDED = ("torch==2.13.0", "transformers", "peft", "lm-eval[hf]==0.4.13")
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
    """lm-evaluation-harness with the trial project's cases as two tasks."""

    def __init__(self, environment: Path, project: TrialProject) -> None:
        self.python = environment / "bin" / "python"
        self.project = project
        self.folder = project.folder / "peer"
        self.base, self.system = _base_and_system(project)
        self._install(environment)
        self._write_tasks()

    def _install(self, environment: Path) -> None:
        """Install it once, into an environment that shares no package with ours."""
        ready = environment / ".ready"
        if ready.is_file() and ready.read_text() == " ".join(NEEDED):
            return
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        install = [str(self.python), "-m", "pip", "install", "--quiet", *NEEDED]
        subprocess.run(install, check=True)
        ready.write_text(" ".join(NEEDED))

    def _write_tasks(self) -> None:
        """Write the cases as a table and the two tasks; nothing is downloaded."""
        self.folder.mkdir()
        source = self.project.folder / "benchmarks" / BENCHMARK / "cases.jsonl"
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
            "generation_kwargs": {"until": [END], "max_gen_toks": 64, "do_sample": False},
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

    def run(
        self, way: Way, adapter: str, limit: int | None
    ) -> tuple[float, dict[str, dict[str, float]]]:
        """Return the wall time of the whole process, and its measurements."""
        adapted = self.project.folder / "adapters" / adapter
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
        begun = time.perf_counter()
        done = subprocess.run(
            [str(self.python), "-c", RUN, json.dumps(asked)],
            cwd=self.folder, env=self._alone(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        spent = time.perf_counter() - begun
        if done.returncode:
            sys.exit(done.stderr)
        return spent, json.loads(done.stdout.splitlines()[-1])

    def _alone(self) -> dict[str, str]:
        """Return an environment without our code, without the network, with a separate cache."""
        kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
        offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
        return kept | offline | {"HF_HOME": str(self.folder / "home")}


def _first(ideal: str | list[str]) -> str:
    return ideal if isinstance(ideal, str) else ideal[0]


def _base_and_system(project: TrialProject) -> tuple[Path, str]:
    from harness.flows.project import Project
    from harness.workspace.base.gguf import model_folder

    found = Project.here(project.folder)
    return model_folder(found.base), found.known(BENCHMARK).system


def table(spent: dict[str, list[float]], gates: list[float]) -> list[str]:
    """Return a line for each way; the ratio is to the gate of the same run."""
    gate = median(gates)
    lines = [f"{'this gate, cold, verdict and all':<40} {gate:8.1f} s"]
    for name, seconds in spent.items():
        lines.append(f"{name:<40} {median(seconds):8.1f} s   {median(seconds) / gate:6.1f} times")
    return lines


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--environment", type=Path, default=ROOT / ".venv-peers")
    options.add_argument("--cases", type=int, default=25)
    options.add_argument("--limit", type=int, help="Only so many cases of theirs, to try it out.")
    options.add_argument("--rounds", type=int, default=1)
    asked = options.parse_args()
    told = machine()
    with trial(asked.cases, asked.rounds) as project:
        peer = Peer(asked.environment.absolute(), project)
        gates: list[float] = []
        spent: dict[str, list[float]] = {}
        for name in project.candidates:
            project.renew()
            gates.append(project.gate(name))
            for way in WAYS:
                seconds, measured = peer.run(way, name, asked.limit)
                spent.setdefault(way.name, []).append(seconds)
                print(f"{way.name}: {seconds:.1f} s {measured}", file=sys.stderr)
    print("\n".join(told))
    print(f"{project.cases} cases of {BENCHMARK}, lm-eval: {NEEDED[-1]}, {asked.rounds} rounds")
    print("\n".join(table(spent, gates)))


if __name__ == "__main__":
    main()
