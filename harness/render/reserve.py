"""A benchmark's reserve, the cases proposed for it, and those that a person confirmed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from harness.text import safe
from harness.text.figures import count
from harness.text.plain import plain
from harness.text.table import hang

MAX_TEXT = 2_000


def reserve_word(cases: int, looks: Sequence[int]) -> str:
    """Say what a reserve of so many cases does, and how many would do."""
    done = [look for look in looks if look <= cases]
    open_ = [look for look in looks if look > cases]
    if not done and not open_:
        return f"{count(cases, 'case')}, and no look uses them"
    said = f"{cases} of {open_[-1]} cases" if open_ else count(cases, "case")
    if done:
        said += f": an open verdict is looked at again with {' and with '.join(map(str, done))}"
        return said + (f"; {open_[-1] - cases} more allow another look" if open_ else "")
    said += f": {open_[0] - cases} more let an open verdict be looked at again"
    return said + (f", {open_[-1] - cases} more once more" if len(open_) > 1 else "")


def proposed_text(
    lines: Sequence[Mapping[str, Any]], about: Mapping[str, Any], *, width: int = 80
) -> str:
    """Return every proposal with its texts, then how they were found and what comes next."""
    shown: list[str] = []
    for line in lines:
        shown += [*proposal_text(line, width=width), ""]
    return "\n".join([*shown, *summary_lines(about, width=width)])


def proposal_text(line: Mapping[str, Any], *, width: int = 80) -> list[str]:
    """Return a proposal as an editor reads it: what was given, and the text to confirm."""
    slices = ", ".join(f"{key}={value}" for key, value in line.get("slices", {}).items())
    shown = [safe.ci_log(f"{line['id']}  {slices}".rstrip(), limit=400)]
    for name, text in _texts(line):
        shown += hang(f"  {name:<9} ", safe.ci_log(text, limit=MAX_TEXT), width)
    return shown


def _texts(line: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "system" in line:
        yield "system", line["system"] or "(none)"
    context = line.get("context", ())
    yield from (("context", text) for text in ([context] if isinstance(context, str) else context))
    yield from ((turn["role"], turn["content"]) for turn in line.get("messages", ()))
    if "input" in line:
        yield "input", line["input"]
    ideals = line["ideal"]
    yield from (("ideal", text) for text in ([ideals] if isinstance(ideals, str) else ideals))


def summary_lines(about: Mapping[str, Any], *, width: int = 80) -> list[str]:
    """Return how many finals there are, what was left out and why, and the state of the reserve."""
    name = safe.ci_log(about["benchmark"], limit=80)
    left = about["left_out"]
    words = {
        "taught": "in a training set",
        "held": "a case already, reworded or not",
        "declined": "declined by a person",
        "alike": "like another but for a few words",
        "leaning": "so that accepted and edited ones keep the share that they have",
    }
    why = "; ".join(f"{left[key]} {said}" for key, said in words.items() if left.get(key))
    found = f"{about['proposed']} of {count(about['finals'], 'final')} that people sent"
    lines = hang("proposed  ", f"{found}{f' (left out: {why})' if why else ''}", width)
    if about["synthetic"]:
        lines += hang("          ", f"SYNTHETIC: {about['synthetic']} of these nobody sent", width)
    for note in about["notes"]:
        lines += hang("note      ", safe.ci_log(note, limit=600), width)
    word = reserve_word(about["reserve"]["cases"], about["reserve"]["looks"])
    return [*lines, *hang("reserve   ", f"{name}: {word}", width)]


class Added(Protocol):
    """What became of cases that were to be added to a reserve."""

    @property
    def file(self) -> str: ...  # noqa: D102
    @property
    def looks(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def reserve(self) -> int: ...  # noqa: D102
    @property
    def added(self) -> list[str]: ...  # noqa: D102
    @property
    def already(self) -> list[str]: ...  # noqa: D102
    @property
    def warnings(self) -> list[str]: ...  # noqa: D102


def added_json(found: Added, *, dry_run: bool, **more: object) -> dict[str, Any]:
    """Return what was added to a reserve, for programs; `more` are further keys."""
    return dict(
        plain(
            {
                **more,
                "added": found.added,
                "already": found.already,
                "warnings": found.warnings,
                "file": found.file if found.added and not dry_run else None,
                "reserve": {"cases": found.reserve, "looks": found.looks},
                "dry_run": dry_run,
            }
        )
    )


def added_text(said: Mapping[str, Any], *, width: int = 80) -> str:
    """Return the same for people, made of what `added_json` returns."""
    counts = {
        "there already": len(said["already"]),
        "declined for ever": said.get("declined", 0),
        "not confirmed yet": said.get("waiting", 0),
    }
    rest = "".join(f", {number} {what}" for what, number in counts.items() if number)
    verb = "would add" if said["dry_run"] else "added"
    lines = hang(f"{verb:<10}", f"{count(len(said['added']), 'case')}{rest}", width)
    if said["file"]:
        lines += hang("wrote     ", safe.ci_log(said["file"]), width)
    for warning in said["warnings"]:
        lines += hang("look at   ", safe.ci_log(warning, limit=600), width)
    word = reserve_word(said["reserve"]["cases"], said["reserve"]["looks"])
    return "\n".join([*lines, *hang("reserve   ", word, width)])
