"""Find the settings of a benchmark.toml that do not fit imported cases, and change them.

They are samples that `init` wrote and a `max_new_tokens` that cuts the ideals. A file is edited by
its lines, so that comments stay, and only where what it then says is exactly what is wanted.

Tested in tests/flows/benchmarks/test_fitting.py.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.records.holds import EXACT
from harness.workspace.project.starter import sample_benchmark_file

_HEADER = re.compile(r"^\s*\[")
_LIMIT = re.compile(r"^(\s*max_new_tokens\s*=\s*)\d[\d_]*", re.MULTILINE)
_STEP = 16
"""Limits are suggested in steps, with a quarter of room: an output may be longer than the ideal."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A setting that does not fit the cases."""

    key: str = field(metadata=EXACT)
    """max_new_tokens, system, template or examples."""
    why: str = field(metadata=EXACT)
    """The reason that it does not fit; it quotes no case."""
    line: str = field(metadata=EXACT)
    """The line, or lines, that the file should have instead."""
    text: str | None = field(default=None, metadata=EXACT)
    """The whole file with that change; None where it has to be made by hand."""


def misfits(text: str, limit: int, longest: Sequence[tuple[str, int]], name: str) -> list[Misfit]:
    """Return what does not fit in the text of a benchmark.toml.

    `limit` is the max_new_tokens that counts now; `longest` has the tokens that each case needs.
    """
    found = [one for key in ("system", "template", "examples") if (one := _sample(text, key, name))]
    case, needed = max(longest, key=lambda pair: pair[1], default=("", 0))
    if needed > limit:
        cut = sum(tokens > limit for _, tokens in longest)
        ideals = "1 ideal is" if cut == 1 else f"{cut} ideals are"
        found.append(
            Misfit(
                "max_new_tokens",
                f"max_new_tokens is {limit}, and {ideals} longer: that of {case} has"
                f" {needed - 1} tokens + end",
                f"max_new_tokens = {_roomy(needed)}",
                _with_limit(text, _roomy(needed)),
            )
        )
    return found


def changed(text: str, key: str, limit: int, longest: Sequence[tuple[str, int]], name: str) -> str:
    """Return the text of a benchmark.toml with one of its misfits put right."""
    for one in misfits(text, limit, longest, name):
        if one.key == key and one.text is not None:
            return one.text
    return text


def _roomy(needed: int) -> int:
    return -(-needed * 5 // 4 // _STEP) * _STEP


def _sample(text: str, key: str, name: str) -> Misfit | None:
    """Return a misfit where a key still has the value that `init` wrote."""
    sample = tomllib.loads(sample_benchmark_file(name))
    table = tomllib.loads(text)
    neutral = {"system": "", "template": "{input}", "examples": []}
    if table.get(key) != sample.get(key) or sample.get(key) == neutral[key]:
        return None
    what = {"system": "system text", "template": "template", "examples": "examples"}[key]
    line = {"system": 'system = ""', "template": 'template = "{input}"'}.get(key, "")
    wanted = {k: v for k, v in table.items() if k != key} | (
        {} if key == "examples" else {key: neutral[key]}
    )
    edited = _without_examples(text) if key == "examples" else _with_line(text, key, line)
    return Misfit(
        key,
        f"the sample {what} of `init` still stands there",
        line or "no [[examples]], or some of your own",
        _checked(edited, wanted),
    )


def _with_line(text: str, key: str, line: str) -> str:
    return re.sub(rf"^{key}\s*=.*$", lambda _: line, text, count=1, flags=re.MULTILINE)


def _without_examples(text: str) -> str:
    kept, inside = [], False
    for line in text.splitlines(keepends=True):
        if _HEADER.match(line):
            inside = line.strip().startswith("[[examples]]")
        if not inside or line.lstrip().startswith("#"):
            kept.append(line)
    return "".join(kept).rstrip("\n") + "\n"


def _with_limit(text: str, limit: int) -> str | None:
    table = tomllib.loads(text)
    generation = table.get("generation", {})
    if not isinstance(generation, dict):
        return None
    wanted = table | {"generation": generation | {"max_new_tokens": limit}}
    if "max_new_tokens" in generation:
        edited = _LIMIT.sub(lambda found: f"{found[1]}{limit}", text, count=1)
    elif "generation" in table:
        header = re.compile(r"^\s*\[generation\][^\n]*$", re.MULTILINE)
        edited = header.sub(lambda found: f"{found[0]}\nmax_new_tokens = {limit}", text, count=1)
    else:
        edited = f"{text.rstrip()}\n\n[generation]\nmax_new_tokens = {limit}\n"
    return _checked(edited, wanted)


def _checked(edited: str, wanted: Mapping[str, Any]) -> str | None:
    """Return an edited settings file, None unless it reads as exactly the wanted settings."""
    try:
        return edited if tomllib.loads(edited) == wanted else None
    except tomllib.TOMLDecodeError:
        return None
