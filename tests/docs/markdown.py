"""The code blocks of a document, with what their first line says about running them.

```sh                    run in a copy of the shipped project, ends with 0
```sh exit=1             ends with 1; `exit=0,1` where its lines end differently
```sh as-shipped         the same with the engine as it is set: for what needs no outputs
```sh real               run with the real base model
```sh not-run: reason    not run here
```toml settings         read by the reader of that name
A block that is set off by four spaces may have the same words in a comment before it:
<!-- sh not-run: needs a server -->
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
STARTER = ROOT / "harness/workspace/starter_project/README.md"
"""A template: `lora-harness init` fills it in."""
_SKIPPED = {"node_modules", "adapter_v1", "adapter_v2", "adapter_v6"}
_COMMENT = re.compile(r"<!--\s*(.*?)\s*-->\s*")
_NOT_RUN = re.compile(r"not-run: (.{10,})")


@dataclass(frozen=True)
class Block:
    """A code block."""

    file: Path
    line: int
    language: str
    words: tuple[str, ...]
    """Behind the language: `exit=1`, `real`, `settings`, `file=cases.csv`."""
    reason: str | None
    """Why it is not run."""
    text: str

    @property
    def place(self) -> str:
        """For messages and test names."""
        return f"{self.file.relative_to(ROOT)}:{self.line}"

    def said(self, name: str) -> str | None:
        """The value of `name=value`."""
        found = [word.partition("=")[2] for word in self.words if word.startswith(f"{name}=")]
        return found[0] if found else None

    @property
    def lines(self) -> list[str]:
        """Command lines, joined where one goes on, without comments."""
        joined = re.sub(r"\\\n\s*", "", self.text)
        return [line for line in map(str.strip, joined.splitlines()) if line and line[0] != "#"]


def documents() -> list[Path]:
    """Every document that tells users what to do; adapters' model cards are made, not written."""
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]
    found += [*ROOT.rglob("README.md"), *(ROOT / "docs").rglob("*.md")]
    kept = [one for one in found if one.is_file() and not _others(one)]
    return sorted({one for one in kept if one != STARTER})


def _others(file: Path) -> bool:
    """What lies here but is not of the project: environments, caches, what was made."""
    parts = set(file.relative_to(ROOT).parts) - {".github"}
    return bool(_SKIPPED & parts) or any(part.startswith(".") for part in parts)


def blocks(file: Path) -> Iterator[Block]:
    """Every code block of a document."""
    comment = ""
    for token in MarkdownIt("commonmark").parse(file.read_text(encoding="utf-8")):
        if token.type in ("fence", "code_block"):
            info = token.info or comment
            reason = _NOT_RUN.search(info)
            words = info[: reason.start()].split() if reason else info.split()
            line = token.map[0] + 1 if token.map else 0
            yield Block(
                file,
                line,
                words[0] if words else "",
                tuple(words[1:]),
                reason.group(1) if reason else None,
                token.content,
            )
        found = _COMMENT.fullmatch(token.content) if token.type == "html_block" else None
        comment = found.group(1) if found else ""


def prose(file: Path) -> Iterator[tuple[int, str]]:
    """What stands between backticks in a document's sentences, with its line."""
    for token in MarkdownIt("commonmark").enable("table").parse(file.read_text(encoding="utf-8")):
        for child in token.children or ():
            if child.type == "code_inline":
                yield (token.map[0] + 1 if token.map else 0), child.content
