"""Print a table: kinds of base, judged here and by plain transformers + PEFT beside it.

    python perf/kinds.py [--only WORDS]

Every base is a tiny random one with a tokenizer that is trained on the spot, and has a random LoRA.
For each: what the doctor says, how many of 6 texts are those of the plain side, and how far apart
the mean NLL of an ideal is at most, in float32. The plain side shares no line with the harness.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.engines.local.device import Device
from harness.engines.local.engine import Transformers
from harness.engines.protocol import Mounted
from harness.errors import HarnessError
from harness.flows.evaluation.doctor import doctor
from harness.flows.evaluation.work import prompts_for
from harness.flows.project import Project
from harness.libraries import quiet_libraries
from harness.records import Prompt
from tests.fakes.kinds import KINDS, TEMPLATES, WAYS, Kind, write_adapter, write_base
from tests.fakes.plain import plain

CPU = Device("cpu", "float32", "any")
MAX_NEW = 24
CLOSE = 1e-5
"""Differences of NLL up to this are float32's own."""
WORDS = ("write", "a", "first", "line", "to", "Ana", "at", "Delta", "who", "runs", "trucks")
CASES = [
    {
        "id": f"case-{n}",
        "input": " ".join(WORDS[(n * 3 + k * 5) % len(WORDS)] for k in range(1 + n * 4)),
        "ideal": ideal,
    }
    for n, ideal in enumerate(
        [
            "Hi there, thanks for the order",
            "How many of your miles are empty?",
            "Ana",
            "We plan the week of forty teams in ten minutes.",
            "thanks (%) & 80 trucks #1",
            "Zürich – 10 €",
        ]
    )
]
SETTINGS = """\
[tool.harness]
base = "base"
embedder = "none"

[tool.harness.generation]
max_new_tokens = {most}
dtype = "float32"
batch = 4
"""
BENCHMARK = """\
name = "kinds"
task = "kinds"
system = "{system}"

[metrics.ideal_likelihood]
role = "gate"
margin = 0.05
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A kind of base, and how the harness compares with the plain side."""

    kind: Kind
    doctor: str
    texts: int
    nll: float
    """The largest difference."""
    way: str
    """packed, padded, alone or fast."""
    problem: str = ""

    @property
    def equal(self) -> bool:
        """Whether nothing differs that should not."""
        return not self.problem and self.texts == len(CASES) and self.nll <= CLOSE


def compare(kind: Kind, folder: Path, **loading: Any) -> Row:
    """Make a base with an adapter in a project of its own, and compare."""
    write_base(kind, folder / "base")
    write_adapter(kind, folder / "base", folder / "adapters" / "lora", **loading)
    write_project(kind, folder)
    project = Project.here(folder)
    benchmark = project.benchmark("kinds")
    prompts = [p for case in benchmark.cases for p in prompts_for(benchmark, case, "lora")]
    checks = doctor(project, "lora")
    said = next((f"{c.name}: {c.message}" for c in checks if not c.ok), "fits")
    wanted = plain(
        folder / "base",
        folder / "adapters" / "lora",
        [([asdict(turn) for turn in p.messages], p.ideals[0]) for p in prompts],
        TEMPLATES[kind.template].end,
        MAX_NEW,
        kind.loader,
        kind.remembers,
        **loading,
    )
    engine = Transformers(lambda: folder / "base", CPU, quantize=project.base.quantize)
    mounted = Mounted("lora", "lora", folder / "adapters" / "lora")
    try:
        texts, nlls = answers(engine, mounted, prompts, project)
    except HarnessError as problem:
        return Row(kind, said, 0, float("nan"), "-", str(problem))
    same = sum(texts[p.case] == text for p, (text, _) in zip(prompts, wanted, strict=True))
    apart = max(abs(nlls[p.case] - nll) for p, (_, nll) in zip(prompts, wanted, strict=True))
    return Row(kind, said, same, apart, way(engine, project))


def answers(
    engine: Transformers, adapter: Mounted, prompts: list[Prompt], project: Project
) -> tuple[dict[str, str], dict[str, float]]:
    how = project.settings.generation
    written = engine.generate(adapter, prompts, how)
    texts = {output.case: output.text for batch in written for output in batch}
    weighed = engine.likelihood(adapter, prompts, how)
    return texts, {one.case: float(one.nll or 0) for batch in weighed for one in batch}


def way(engine: Transformers, project: Project) -> str:
    runner = engine.runner(project.settings.generation)
    name = type(runner).__name__.lower()
    if type(runner.base.model).__module__.startswith("harness."):
        return "torch alone"
    return "alone" if runner.base.alone else name


def write_project(kind: Kind, folder: Path, more: str = "") -> None:
    system = "You write first lines." if TEMPLATES[kind.template].system else ""
    settings = SETTINGS.replace("{most}", str(MAX_NEW)).replace(
        'embedder = "none"\n', f'embedder = "none"\n{more}'
    )
    (folder / "pyproject.toml").write_text(settings, encoding="utf-8")
    place = folder / "benchmarks" / "kinds"
    place.mkdir(parents=True)
    (place / "benchmark.toml").write_text(BENCHMARK.replace("{system}", system), encoding="utf-8")
    lines = "".join(json.dumps(case) + "\n" for case in CASES)
    (place / "cases.jsonl").write_text(lines, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="kinds whose name holds one of these words")
    only = [word.strip().lower() for word in parser.parse_args().only.split(",") if word.strip()]
    quiet_libraries()
    begun, rows = time.monotonic(), []
    print("| base | tokenizer | template | way | doctor | texts | NLL differs by |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for kind in (*KINDS, *WAYS):
        if only and not any(word in kind.name.lower() for word in only):
            continue
        with tempfile.TemporaryDirectory(prefix="lora-harness-kinds-") as place:
            try:
                row = compare(kind, Path(place))
            except Exception as problem:  # the libraries themselves may not know a kind
                first = (str(problem).splitlines() or [""])[0][:160]
                row = Row(kind, "-", 0, float("nan"), "-", f"{type(problem).__name__}: {first}")
        rows.append(row)
        said = row.doctor.replace("|", "\\|").replace(place, "")[:100]
        found = f"{row.texts} of {len(CASES)} | {row.nll:.1e}"
        last = f"{row.problem[:160]} |" if row.problem else found
        print(
            f"| {kind.name} | {kind.tokenizer} | {kind.template} | {row.way} | {said} | {last} |",
            flush=True,
        )
    equal = sum(row.equal for row in rows)
    fits = sum(row.doctor == "fits" for row in rows)
    print(
        f"\n{equal} of {len(rows)} equal to plain transformers + PEFT, {fits} fit"
        f" ({time.monotonic() - begun:.0f} s)"
    )


if __name__ == "__main__":
    main()
