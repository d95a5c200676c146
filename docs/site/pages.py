"""Bring documents, help and docstrings into the site: a hook of MkDocs, named in mkdocs.yml.

A document keeps its place in the tree, so that its links lead to the same documents on the site.
Links to other files of the repository lead to the repository.

Tested in tests/docs/test_site.py.
"""

from __future__ import annotations

import os
import posixpath
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = "https://github.com/lora-harness/lora-harness/blob/main/"
MOVED = {".github/actions/gate/README.md": "gate/README.md"}
"""Documents that the site has elsewhere: MkDocs takes no folder whose name begins with a dot."""
COMMANDS, PYTHON = "commands.md", "python.md"
"""Pages without a document: the help of every command, and the public names of the package."""
_LINK = re.compile(r"(!?\[[^\]]*\]\()([^)#\s:]+)(#[^)\s]*)?(?=\))")
_FENCE = re.compile(r" *(```+)\w*")
_LIST = re.compile(r"(?<=\n)(?!\s*(?:[-*] |\d+\. ))(\S[^\n]*)\n(?=(?:- |1\. ))")
_COMMENT = re.compile(r"^ *<!--.*?-->\n", re.M | re.S)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the documents of the navigation, their pictures, and the pages without a document."""
    written = {COMMANDS: commands(), PYTHON: python()}
    for page in sorted(_pages(config.nav)):
        if page in written:
            files.append(File.generated(config, page, content=written[page]))
        elif files.get_file_from_path(page) is None:
            text = (ROOT / _document(page)).read_text(encoding="utf-8")
            files.append(File.generated(config, page, content=text))
            for picture in _pictures(page, text):
                files.append(File.generated(config, picture, abs_src_path=str(ROOT / picture)))
    return files


def on_page_markdown(markdown: str, page: Page, files: Files, **_: Any) -> str:
    """Write a document as this Markdown wants it: links, the words behind ```, blank lines."""
    here = page.file.src_uri

    def led(match: re.Match[str]) -> str:
        before, target, anchor = match[1], match[2], match[3] or ""
        return f"{before}{_target(here, target, files)}{anchor}"

    # Of a fence only the language stays: the words behind it are for the tests.
    done, waiting, fence = [], [], ""
    for line in markdown.splitlines():
        opens = _FENCE.match(line)
        if fence:
            done.append(line)
            if opens and line.strip() == fence:
                fence = ""
        elif opens:
            done += [_prose("\n".join(waiting), led), opens[0]]
            waiting, fence = [], opens[1]
        else:
            waiting.append(line)
    return "\n".join([*done, _prose("\n".join(waiting), led)])


def _prose(text: str, led: Any) -> str:
    text = _COMMENT.sub("", text)
    return _LIST.sub(r"\1\n\n", _LINK.sub(led, text))


def _target(here: str, target: str, files: Files) -> str:
    """Return where a link of the page `here` leads on the site, else in the repository."""
    folder = posixpath.dirname(_document(here))
    place = posixpath.normpath(posixpath.join(folder, target))
    if (ROOT / place).is_dir() and (ROOT / place / "README.md").is_file():
        place = f"{place}/README.md"
    page = MOVED.get(place, place)
    if files.get_file_from_path(page) is not None:
        return posixpath.relpath(page, posixpath.dirname(here))
    if (ROOT / place).exists():
        return f"{REPOSITORY}{place}"
    return target  # MkDocs names it, and the build fails


def _document(page: str) -> str:
    """Return the file in the repository that a page shows."""
    place = {to: source for source, to in MOVED.items()}.get(page, page)
    return place if (ROOT / place).exists() else f"docs/{place}"


def _pages(nav: Any) -> Iterator[str]:
    """Yield the pages that the navigation names."""
    for entry in nav.values() if isinstance(nav, dict) else nav:
        if isinstance(entry, str):
            yield entry
        else:
            yield from _pages(entry)


def _pictures(page: str, text: str) -> Iterator[str]:
    """Yield the pictures that a document shows."""
    for match in _LINK.finditer(text):
        place = posixpath.normpath(posixpath.join(posixpath.dirname(page), match[2]))
        if match[1].startswith("!") and (ROOT / place).is_file():
            yield place


# --- pages without a document -----------------------------------------------------------------


def commands() -> str:
    """Return the help of every command as a page."""
    import click

    sys.path.insert(0, str(ROOT))
    from harness.cli.command import cli as group

    os.environ["COLUMNS"] = "88"
    found = ["# Commands\n", "The help of every command, as `--help` prints it.\n"]
    context = click.Context(group, info_name="lora-harness", **group.context_settings)
    found += _help(group, context, 2)
    return "\n".join(found)


def _help(command: Any, context: Any, level: int) -> Iterator[str]:
    yield f"{'#' * level} {context.command_path}\n"
    yield f"```text\n{command.get_help(context)}\n```\n"
    for name in getattr(command, "list_commands", lambda _: [])(context):
        inner = command.get_command(context, name)
        if not inner.hidden:
            below = type(context)(inner, info_name=name, parent=context)
            yield from _help(inner, below, min(level + 1, 4))


def python() -> str:
    """Return a page of the package's public names with their docstrings."""
    sys.path.insert(0, str(ROOT))
    import harness

    found = ["# Python\n", "Everything in `harness.__all__`, imported on first use.\n"]
    for name in harness.__all__:
        home = harness._HOMES.get(name, "harness.records")
        found.append(f"::: {home}.{name}\n")
    return "\n".join(found)
