"""Compare the tokenizer and chat template that an adapter ships with those of its base.

They are compared by what they make of a benchmark's own prompts, never by their bytes, in a process
that is killed when it takes too long.

Tested in tests/flows/evaluation/test_templates.py.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.engines.local.template_sandbox import read_line
from harness.errors import AdapterRefused, EngineFailed, reason
from harness.records import Chat, Prompt

_log = logging.getLogger(__name__)

CORE = (
    "tokenizer.json",
    "tokenizer.model",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tekken.json",
)
"""Files that hold a vocabulary."""
BESIDE = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
SHIPPED = ("chat_template.jinja", *CORE, *BESIDE)
"""Every file that says how a text becomes tokens."""

_KILLED = (-9, -27)
"""Return codes after SIGKILL, and SIGPROF of a process that has used up its computing time."""
START_SECONDS = 300.0
SECONDS = 30.0
"""Computing time for loading two tokenizers; `SECONDS_EACH` more for every conversation."""
SECONDS_EACH = 0.05
WAITING = 10
"""Times this, on the clock: for machines that are busy, and for templates that only wait."""


@dataclass(frozen=True, slots=True)
class ShippedDifference:
    """What an adapter's own tokenizer and template make differently of some prompts."""

    prompts: int
    """Number of prompts that were compared."""
    written: int = 0
    """Prompts of which the template makes another text."""
    ended: int = 0
    """Prompts whose answer ends in another way."""
    encoded: int = 0
    """Prompts of whose text the tokenizer makes other tokens."""
    read: int = 0
    """Prompts whose tokens it reads back as another text."""
    ends: tuple[str, str] = ("", "")
    """The end tokens of the base and of the adapter, where they differ."""
    new: int = 0
    """Tokens that the base does not have, or has under another number; padding does not count."""
    such_as: str = ""
    """One of those tokens."""
    elsewhere: bool = False
    """Whether a conversation with turns of every kind comes out differently."""

    @property
    def matters(self) -> bool:
        """Whether runs with the one and with the other would differ."""
        counts = (self.written, self.ended, self.encoded, self.read, self.new)
        return any(counts) or self.ends[0] != self.ends[1]


def compare(base: Path, adapter: Path, prompts: Sequence[Prompt], name: str) -> ShippedDifference:
    """Compare what an adapter's folder ships with the base, on these prompts and their ideals.

    `name` is the adapter's, for an error about its files.
    """
    with _overlaid(base, adapter) as other:
        found = _ask(base, other, prompts, name)["found"]
    base_end, own_end = found.pop("ends")
    such_as = "".join(found.pop("such_as"))
    return ShippedDifference(len(prompts), ends=(base_end, own_end), such_as=such_as, **found)


def prompt_tail(base: Path, adapter: Path | None, prompt: Prompt, name: str) -> str:
    """Return the end of a prompt's text; `adapter` has the files of an adapter whose own count."""
    if adapter is None:
        return str(_ask(base, None, [prompt], name)["tail"])
    with _overlaid(base, adapter) as other:
        return str(_ask(base, other, [prompt], name)["tail"])


@contextmanager
def _overlaid(base: Path, adapter: Path) -> Iterator[Path]:
    """Make a folder of the adapter's files, and of the base's for what it does not ship."""
    shipped = {file for file in SHIPPED if (adapter / file).is_file()}
    if shipped & set(CORE):  # a tokenizer of its own: of the base only what belongs to neither
        rest = set() if "tokenizer_config.json" in shipped else {*BESIDE}
    else:
        rest = {*CORE, *BESIDE}
    with tempfile.TemporaryDirectory(prefix="lora-harness-") as made:
        place = Path(made)
        for folder, files in ((base, {"config.json", *rest}), (adapter, shipped)):
            for file in files:
                if (folder / file).is_file():
                    shutil.copyfile(folder / file, place / file)
        _drop_template_of_base(place, shipped)
        yield place


def _drop_template_of_base(place: Path, shipped: set[str]) -> None:
    """Take the template out of a copied tokenizer_config: the adapter's may lie in its own file."""
    file = place / "tokenizer_config.json"
    if "tokenizer_config.json" in shipped or not file.is_file():
        return
    table = json.loads(file.read_text(encoding="utf-8"))
    if table.pop("chat_template", None) is not None:
        file.write_text(json.dumps(table), encoding="utf-8")


def _ask(base: Path, other: Path | None, prompts: Sequence[Prompt], name: str) -> dict[str, Any]:
    chat = prompts[0].chat if prompts else Chat()
    conversations = [
        {"turns": [asdict(turn) for turn in prompt.messages], "ideal": "".join(prompt.ideals[:1])}
        for prompt in prompts
    ]
    seconds = SECONDS + SECONDS_EACH * len(prompts)
    request = {
        "seconds": seconds,
        "base": str(base),
        "other": None if other is None else str(other),
        "kwargs": dict(chat.kwargs),
        "template": chat.text,
        "conversations": conversations,
    }
    whose = "the base's tokenizer" if other is None else f"{name}: its tokenizer or chat template"
    error = EngineFailed if other is None else AdapterRefused
    line = _answer(json.dumps(request), seconds)
    if line is None:
        raise error(f"{whose} takes longer than {seconds:.0f} s")
    try:
        said = json.loads(line)
    except ValueError as problem:
        raise error(f"{whose} ends the process that reads it") from problem
    if "base" in said:
        raise EngineFailed(said["error"])
    if "error" in said:
        raise error(f"{whose} {said['error']}")
    return dict(said)


def _answer(request: str, seconds: float) -> str | None:
    """Return the process's one line, None if it took too long; empty where it died."""
    import harness

    root = str(Path(harness.__file__).parents[1])
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-P", "-W", "ignore", "-m", "harness.engines.local.rendering"]
    environment = os.environ | {"PYTHONPATH": paths, "TOKENIZERS_PARALLELISM": "false"}
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, encoding="utf-8", env=environment,
        )  # fmt: skip
    except OSError as problem:
        raise EngineFailed(
            f"no process can be started to read tokenizers in ({reason(problem)})"
        ) from problem
    with process:
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(request)
            process.stdin.close()
        except BrokenPipeError:
            _log.debug("the process that reads tokenizers died at once")
        if read_line(process, START_SECONDS).strip() != "ready":
            raise EngineFailed(
                "the process that reads tokenizers did not start; run the same command again"
            )
        line = read_line(process, seconds * WAITING)
    return line or (None if process.returncode in _KILLED else "")
