"""Print how far NLLs of ideals move in bfloat16, nf4 and int8, for the check of a server.

    python perf/live_tolerance.py [ADAPTER ...]

For the base and each adapter of this project: the mean distance from float32 over 8 of the task
benchmark's ideals, drawn 5,000 times. The limits that follow stand in
`harness/findings/live_answers.py`.
"""

from __future__ import annotations

import random
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from harness.engines.local.device import Device
from harness.engines.local.engine import Transformers
from harness.findings.live_answers import IDEALS
from harness.flows.evaluation.backends import LocalBackend
from harness.flows.evaluation.work import prompts_for
from harness.flows.project import Project
from harness.workspace.base.gguf import model_folder

FORMS = (("float32", ""), ("bfloat16", ""), ("float32", "nf4"), ("float32", "int8"))
CASES = 16
"""Cases whose ideals are weighed: in 4 bits on a processor each takes seconds."""
DRAWS = 5000

Found = dict[tuple[str, int], float]


def weighed(project: Project, names: list[str], dtype: str, quantize: str) -> dict[str, Found]:
    """Weigh the same ideals under the base and each adapter in one form."""
    base, benchmark = project.base, project.task_benchmark(None)
    engine = Transformers(
        lambda: model_folder(base), Device("cpu", dtype, "any"), quantize=quantize
    )
    how = replace(benchmark.generation, dtype=dtype)
    found: dict[str, Found] = {}
    with tempfile.TemporaryDirectory() as folder:
        backend = LocalBackend(project, Path(folder))
        for name in names:
            prompts = [prompts_for(benchmark, case, name)[0] for case in benchmark.cases[:CASES]]
            groups = engine.likelihood(backend.mount(backend.adapter(name)), prompts, how)
            found[name] = {(w.case, w.ideal): w.nll or 0.0 for some in groups for w in some}
    return found


def line(name: str, form: str, plain: Found, other: Found) -> str:
    """Return the smallest, the median and the largest mean distance over the draws."""
    draw = random.Random(1)
    apart = [abs(plain[place] - other[place]) for place in sorted(plain)]
    means = sorted(fmean(draw.sample(apart, IDEALS)) for _ in range(DRAWS))
    low, middle, high = means[0], means[DRAWS // 2], means[-1]
    return f"{name:<12} {form:<9} {low:.4f}  {middle:.4f}  {high:.4f}   one ideal {max(apart):.4f}"


def main() -> None:
    """Print the table."""
    project = Project.here()
    names = ["base", *(sys.argv[1:] or ["adapter_v2", "adapter_v3"])]
    plain: dict[str, Found] = {}
    for dtype, quantize in FORMS:
        found = weighed(project, names, dtype, quantize)
        if not plain:
            plain = found
            print(f"{len(plain[names[0]])} ideals, the mean over {IDEALS} of them drawn at random")
        for name in names if found is not plain else ():
            print(line(name, quantize or dtype, plain[name], found[name]), flush=True)


if __name__ == "__main__":
    main()
