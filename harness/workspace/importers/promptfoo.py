"""Read tests of promptfoo as cases: the prompt with its `vars` is the input, assertions the rest.

A file must be complete in itself: one prompt and tests written out, no scripts, no other files.

Tested in `tests/workspace/importers/test_any_tool.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.workspace.formats.fields import kind_of
from harness.workspace.formats.reading import parse_json
from harness.workspace.formats.tables import TableRow, TableRows
from harness.workspace.importers.case_table import CaseTable
from harness.workspace.importers.columns import text_of
from harness.workspace.importers.given_cells import GIVEN
from harness.workspace.importers.placeholders import filled
from harness.workspace.importers.promptfoo_asserts import Demands

_IDLE = ("description", "providers", "targets", "outputPath", "env", "sharing", "tags",
         "evaluateOptions", "commandLineOptions", "writeLatestResults")  # fmt: skip
"""Keys about how promptfoo runs, without meaning for a case."""
_OF_TEST = ("description", "vars", "assert", "metadata")


def is_tests(raw: Any) -> bool:
    """Return whether a YAML document is a configuration, or the list of its tests."""
    if isinstance(raw, dict):
        return "tests" in raw
    if not isinstance(raw, list) or not raw:
        return False
    return all(isinstance(test, dict) and {"vars", "assert"} & set(test) for test in raw)


def tests_table(raw: Any, path: Path, error: type[HarnessError]) -> CaseTable:
    """Return the tests as rows; the variables are columns as well, for `--map`."""
    config = raw if isinstance(raw, dict) else {"tests": raw}
    tests = config["tests"]
    if not isinstance(tests, list) or not all(isinstance(test, dict) for test in tests):
        raise error(f"{path}: `tests` is {kind_of(tests)}, only tests written out here are read")
    prompt = _prompt(config, path, error)
    shared = config.get("defaultTest") or {}
    if not isinstance(shared, Mapping):
        raise error(f"{path}: `defaultTest` is {kind_of(shared)}, only one written out is read")
    read = ("tests", "prompts", "defaultTest", *_IDLE)
    left = Counter(key for key in config if key not in read)
    left.update(f"defaultTest.{key}" for key in shared if key not in _OF_TEST)
    reader = _Reader(prompt, shared, left, Counter(map(_name, tests)))
    rows = [reader.row(number, test) for number, test in enumerate(tests, start=1)]
    names = dict.fromkeys(name for row in rows for name in row.values)
    return CaseTable(TableRows(tuple(names), iter(rows)), left)


_Turns = list[dict[str, str]]


def _prompt(
    config: Mapping[str, Any], path: Path, error: type[HarnessError]
) -> str | _Turns | None:
    """Return the only prompt, a text or the turns of a chat.

    None if the file has none, so that a variable is the input.
    """
    prompts = config.get("prompts")
    if prompts is None:
        return None
    listed = prompts if isinstance(prompts, list) else [prompts]
    if len(listed) != 1:
        raise error(f"{path}: has {len(listed)} prompts, a benchmark has one: leave one of them")
    if not isinstance(listed[0], str) or listed[0].startswith("file://"):
        raise error(f"{path}: the prompt is no text, write it out in place of the file or table")
    return _turns(listed[0]) or str(listed[0])


def _turns(prompt: str) -> _Turns | None:
    """Return the turns of a prompt that is a chat in JSON; None for any other text."""
    if not prompt.lstrip().startswith("["):
        return None
    try:
        found = parse_json(prompt, "")
    except HarnessError:
        return None  # a text that begins with a bracket, or template code between the turns
    keys = {"role", "content"}
    plain = isinstance(found, list) and all(
        isinstance(turn, dict)
        and turn.keys() == keys
        and all(isinstance(text, str) for text in turn.values())
        for turn in found
    )
    return found if plain and found else None


def _name(test: Mapping[str, Any]) -> str:
    name = test.get("description")
    return name.strip() if isinstance(name, str) and len(name) <= 200 else ""


class _Reader:
    """A reader of tests, with the parts that all of them share."""

    def __init__(
        self,
        prompt: str | _Turns | None,
        shared: Mapping[str, Any],
        left: Counter[str],
        names: Counter[str],
    ) -> None:
        self.prompt, self.shared, self.left, self.names = prompt, shared, left, names

    def row(self, number: int, test: Any) -> TableRow:
        """Return a test as a row; a test that is no case becomes a row with a problem."""
        line = test.line
        try:
            return TableRow(line, self._values(number, test))
        except ValueError as problem:
            return TableRow(line, {}, str(problem))

    def _values(self, number: int, test: Mapping[str, Any]) -> dict[str, Any]:
        values = _vars(self.shared, "defaultTest.vars") | _vars(test, "vars")
        demands = Demands(values, self.left)
        for raw in (*_list(self.shared, "assert"), *_list(test, "assert")):
            demands.add(raw)
        self.left.update(f"tests.{key}" for key in test if key not in _OF_TEST)
        name = _name(test)
        metadata = test.get("metadata")
        plain = metadata.items() if isinstance(metadata, Mapping) else ()
        # Plain metadata groups tests, as slices group cases.
        slices = {k: text_of(v, k) for k, v in plain if isinstance(v, str | int | float | bool)}
        ours = {
            "id": name if name and self.names[name] == 1 else f"test-{number}",
            "slices": slices,
            "checks": demands.checks(),
        }
        if isinstance(self.prompt, str):
            ours["input"] = filled(self.prompt, values, "the prompt")
        elif self.prompt:
            ours["input"] = ""  # so that no variable is taken for it
            # Filled turn by turn: a text with quotation marks would break the JSON.
            ours["messages"] = [
                {name: filled(text, values, "the prompt") for name, text in turn.items()}
                for turn in self.prompt
            ]
        if demands.ideals:
            ours["ideal"] = demands.ideals
        # Variables of these names stand in the prompt already, and must not be added to it again.
        taken = ours.keys() | (GIVEN if self.prompt is not None else ())
        return {name: value for name, value in values.items() if name not in taken} | ours


def _vars(test: Mapping[str, Any], where: str) -> dict[str, str]:
    raw = test.get("vars") or {}
    if not isinstance(raw, Mapping):
        raise ValueError(f"`{where}` is {kind_of(raw)}, a table of names and texts is needed")
    for name, value in raw.items():
        if isinstance(value, list):
            raise ValueError(f"`{where}` {name[:60]} is a list, write one test for each of it")
        if isinstance(value, str) and value.startswith("file://"):
            raise ValueError(f"`{where}` {name[:60]} is a file, write its text here")
    return {name: text_of(value, name) for name, value in raw.items()}


def _list(test: Mapping[str, Any], key: str) -> list[Any]:
    raw = test.get(key) or []
    if not isinstance(raw, list):
        raise ValueError(f"`{key}` is {kind_of(raw)}, a list is needed")
    return raw
