"""Read YAML as strictly as JSON: no code, no aliases, no key twice; lines are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.errors import HarnessError, reason
from harness.workspace.formats.reading import MAX_DEPTH, read_text

MAX_YAML = 1024 * 1024


class Lined(dict[str, Any]):
    """A table that knows on which line it begins."""

    line: int = 1


def read_yaml(path: Path, error: type[HarnessError]) -> Any:
    """Return the only document of a file; a refusal names file and line."""
    import yaml

    text = read_text(path, error, MAX_YAML)
    try:
        _refuse_deep(yaml, text, path, error)
        return yaml.load(text, _loader(yaml, path, error))
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = mark.line + 1 if mark else 1
        raise error(
            f"{path}:{line}: is not YAML ({problem.problem or reason(problem)})"
        ) from problem
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        raise error(f"{path}:1: is not YAML ({reason(problem)})") from problem


def _refuse_deep(yaml: Any, text: str, path: Path, error: type[HarnessError]) -> None:
    """Refuse aliases before anything is built: a few bytes may stand for gigabytes."""
    depth = 0
    for event in yaml.parse(text, Loader=_safest(yaml)):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise error(f"{path}:{line}: has an alias (`*name`), write out what it stands for")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise error(f"{path}:{line}: is nested deeper than {MAX_DEPTH} levels")


def _safest(yaml: Any) -> Any:
    """Return the loader in C where PyYAML has it, which is some ten times faster."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _loader(yaml: Any, path: Path, error: type[HarnessError]) -> Any:
    # A class per file: constructors are registered on the class, and these know path and error.
    class Loader(_safest(yaml)):  # type: ignore[misc]  # yaml has no types
        pass

    def table(loader: Any, node: Any) -> Lined:
        found = Lined()
        found.line = node.start_mark.line + 1
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node, deep=True)
            where = f"{path}:{key_node.start_mark.line + 1}"
            if not isinstance(key, str):
                raise error(f"{where}: key {key!r:.60} is no text, put it in quotes")
            if key in found:
                raise error(f"{where}: key {key[:60]!r} stands twice, once is allowed")
            found[key] = loader.construct_object(value_node, deep=True)
        return found

    def code(loader: Any, suffix: str, node: Any) -> Any:
        line = node.start_mark.line + 1
        raise error(
            f"{path}:{line}: `!{suffix[:60]}` runs code of that project, which is never run here"
        )

    Loader.add_constructor("tag:yaml.org,2002:map", table)
    Loader.add_multi_constructor("!", code)
    return Loader
