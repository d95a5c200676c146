"""Try a base's tokenizer in a process that is killed, before any text of a benchmark meets it.

A tokenizer is a small program: its patterns may run for ever on some texts, and its replacements
may double a text forty times. What it does to texts made of its own letters shows both.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import WeightsError
from harness.workspace.formats.reading import MAX_BYTES, regular_file

SECONDS = 1.0
"""Computing time for the texts of the trial; usual tokenizers take milliseconds."""
MEGABYTES = 300
"""Memory beyond that of the loaded tokenizer."""
MAX_FILE = 4 * MAX_BYTES
_WALL = 120
"""Seconds until the process is killed where its own limits cannot be set."""
_LETTERS = 24
"""Letters of its patterns that the texts repeat."""
_PLAIN = frozenset((
    "BPE", "ByteLevel", "ByteFallback", "Fuse", "NFC", "NFD", "NFKC", "NFKD", "Lowercase",
    "StripAccents", "BertNormalizer", "BertPreTokenizer", "Whitespace", "WhitespaceSplit", "Digits",
    "Punctuation", "WordPiece", "Strip", "Sequence", "BertProcessing", "RobertaProcessing",
))  # fmt: skip
"""Steps that are known to take time and memory by the length of a text."""
_CHILD = """
import json, sys
from tokenizers import Tokenizer
file, texts, seconds, megabytes = json.load(sys.stdin)
try:
    tokenizer = Tokenizer.from_file(file)
except Exception:
    sys.exit(0)  # the loader says what is wrong with it
try:
    import resource, signal
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pages = int(open("/proc/self/statm").read().split()[0])
    most = pages * resource.getpagesize() + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    signal.setitimer(signal.ITIMER_PROF, seconds)  # its signal kills, also inside the library
except (ImportError, AttributeError, ValueError, OSError):
    pass
for text in texts:
    try:
        tokenizer.decode(tokenizer.encode(text).ids)
    except MemoryError:
        sys.exit(9)
    except BaseException:
        pass
"""


def try_tokenizer(folder: Path) -> None:
    """Refuse a tokenizer that takes much time or memory for a text of two thousand letters."""
    file = folder / "tokenizer.json"
    if not file.exists():
        return
    regular_file(file, WeightsError, MAX_FILE)
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return  # the loader says what is wrong with it
    steps = {name: table.get(name) for name in _STEPS} if isinstance(table, dict) else {}
    if not steps.get("padding") and all(kind in _PLAIN for kind in _kinds(steps)):
        return
    request = json.dumps([str(file), _texts(json.dumps(steps)), SECONDS, MEGABYTES])
    command = [sys.executable, "-I", "-W", "ignore", "-c", _CHILD]
    try:
        done = subprocess.run(
            command,
            input=request,
            capture_output=True,
            encoding="utf-8",
            timeout=_WALL,
            check=False,
        )
        fits = done.returncode in (0, 1)  # 1: the library is not there, or has another interface
    except (subprocess.SubprocessError, OSError):
        fits = False
    if not fits:
        raise WeightsError(
            f"{file}: cannot be used, it takes more than {SECONDS:g} s or {MEGABYTES} MB for some"
            " thousand letters, put the tokenizer there that the base came with"
        )


_STEPS = ("normalizer", "pre_tokenizer", "post_processor", "decoder", "padding")


def _kinds(value: Any) -> Iterator[str]:
    """Yield the kind of every step, of those within others too."""
    if isinstance(value, dict):
        if "type" in value:
            yield str(value["type"])
        for item in value.values():
            yield from _kinds(item)
    elif isinstance(value, list):
        for item in value:
            yield from _kinds(item)


def _texts(patterns: str) -> list[str]:
    """Return texts of single letters, those of the patterns among them, and of mixed ones."""
    named = dict.fromkeys(re.findall(r"[^\W_]", patterns))
    letters = [*"a1 .xA", *named][:_LETTERS]
    mixed = "Dear Ana, how are 12 teams? " * 70
    return [mixed, *(letter * 2_000 + "!" for letter in letters), "a, b " * 400 + "#"]
