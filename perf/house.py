"""Print figures of the code's structure, to hold two commits against each other.

    python perf/house.py [FOLDER ...]      one column per checkout, by default this one

They show a direction. Where a figure and a reader disagree, the reader is right.
"""

from __future__ import annotations

import argparse
import ast
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMPERSONAL = re.compile(
    r"\b(somebody|nobody|whoever|whatever|everybody|anybody|nothing|what is|what it|that which|"
    r"those that|the very same|of its own|ones?|where it|in words|as it is)\b",
    re.IGNORECASE,
)
"""Words of a docstring's first line that make a reader guess who does what."""


class House:
    """The modules of one checkout, without migrations."""

    def __init__(self, root: Path) -> None:
        self.root = root
        files = [f for f in (root / "harness").rglob("*.py") if "migrations" not in f.parts]
        self.text = {file: file.read_text("utf-8") for file in sorted(files)}
        self.tree = {file: ast.parse(text) for file, text in self.text.items()}
        self.lines = sum(text.count("\n") for text in self.text.values())

    @cached_property
    def modules(self) -> dict[str, Path]:
        """Modules by dotted name."""
        return {
            ".".join(file.relative_to(self.root).with_suffix("").parts).removesuffix(
                ".__init__"
            ): file
            for file in self.text
        }

    @cached_property
    def imports(self) -> dict[str, set[str]]:
        """What each module imports of ours, without imports for type checkers."""
        found: dict[str, set[str]] = defaultdict(set)
        for module, file in self.modules.items():
            for name in _imported(self.tree[file]):
                here = name if name in self.modules else name.rpartition(".")[0]
                if here in self.modules and here != module:
                    found[module].add(here)
        return found

    def closure(self, start: str) -> int:
        """Return how many modules a module needs, itself included."""
        seen, todo = set(), [start]
        while todo:
            if (module := todo.pop()) not in seen:
                seen.add(module)
                todo += self.imports[module]
        return len(seen)

    def single_use(self) -> int:
        """Return how many private functions are named in one other place of their file."""
        found = 0
        for file, tree in self.tree.items():
            for node in tree.body:
                if isinstance(node, ast.FunctionDef) and re.match("_[^_]", node.name):
                    found += len(re.findall(rf"\b{node.name}\b", self.text[file])) == 2
        return found

    def functions(self) -> list[int]:
        """Return the length of every function, in lines."""
        return [
            (node.end_lineno or node.lineno) - node.lineno + 1
            for tree in self.tree.values()
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]

    def class_names_twice(self) -> int:
        """Return how many class names stand for two things, over `harness` and `dashboard`."""
        trees = [*self.tree.values()]
        trees += [ast.parse(f.read_text("utf-8")) for f in (self.root / "dashboard").rglob("*.py")]
        names = Counter(n.name for t in trees for n in t.body if isinstance(n, ast.ClassDef))
        return sum(count > 1 for count in names.values())

    def impersonal(self) -> float:
        """Return the share of docstrings whose first line makes a reader guess."""
        first = [
            text.split("\n")[0]
            for tree in self.tree.values()
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module)
            and (text := ast.get_docstring(node))
        ]
        return sum(bool(IMPERSONAL.search(line)) for line in first) / len(first)

    def any_in_engines(self) -> float:
        """Return how often `Any` stands in engines, per 1,000 lines."""
        files = [file for file in self.text if "engines" in file.parts]
        named = (n for file in files for n in ast.walk(self.tree[file]) if isinstance(n, ast.Name))
        lines = sum(self.text[file].count("\n") for file in files)
        return 1000 * sum(name.id == "Any" for name in named) / lines

    def comments(self) -> float:
        """Return the share of lines that are comments."""
        lines = [line.strip() for text in self.text.values() for line in text.split("\n")]
        return sum(line.startswith("#") for line in lines) / len(lines)

    def flows(self) -> tuple[int, int, int]:
        """Return the files and folders directly in `flows`, their levels, and their arrows."""
        arrows: dict[str, set[str]] = defaultdict(set)
        for module, needed in self.imports.items():
            if module.startswith("harness.flows."):
                inner = {n.split(".")[2] for n in needed if n.startswith("harness.flows.")}
                arrows[module.split(".")[2]] |= inner
        for node, needed in arrows.items():
            needed.discard(node)

        def level(node: str, above: frozenset[str] = frozenset()) -> int:
            below = arrows.get(node, set()) - above
            return 1 + max((level(other, above | {node}) for other in below), default=0)

        return len(arrows), max(map(level, [*arrows])), sum(map(len, arrows.values()))


def _imported(tree: ast.Module) -> Iterator[str]:
    unseen = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in unseen:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def figures(house: House) -> dict[str, str]:
    """Return the figures of one checkout, ready to print."""
    per_thousand = 1000 / house.lines
    nodes, levels, arrows = house.flows()
    flow = next(
        name
        for name in ("harness.flows.evaluation.session", "harness.flows.evaluate")
        if name in house.modules
    )
    return {
        "files": str(len(house.text)),
        "lines": f"{house.lines:,}",
        "median file": f"{statistics.median(t.count(chr(10)) for t in house.text.values()):.0f}",
        "median function": f"{statistics.median(house.functions()):.0f}",
        "private functions used once, per 1,000 lines": f"{house.single_use() * per_thousand:.1f}",
        "modules that judge.verdict needs": str(house.closure("harness.judge.verdict")),
        "modules that the evaluation needs": str(house.closure(flow)),
        "modules that plugin.session needs": str(house.closure("harness.plugin.session")),
        "flows: nodes, levels, arrows": f"{nodes}, {levels}, {arrows}",
        "class names with two meanings": str(house.class_names_twice()),
        "Any in engines, per 1,000 lines": f"{house.any_in_engines():.1f}",
        "impersonal first lines of docstrings": f"{house.impersonal():.1%}",
        "comment lines": f"{house.comments():.1%}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path, default=[ROOT])
    columns = [figures(House(folder.resolve())) for folder in parser.parse_args().folders]
    for name in columns[0]:
        print(f"{name:46}" + "".join(f"{column[name]:>12}" for column in columns))


if __name__ == "__main__":
    main()
