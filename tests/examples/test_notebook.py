"""The notebook in `examples` runs on the shipped project, and is kept without outputs.

The cells are executed here rather than by nbclient: a kernel would bring IPython, pyzmq and tornado
into the tests for what `compile` does.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness.cli.command import cli
from tests.docs.shipped import shipped

NOTEBOOK = Path(__file__).resolve().parents[2] / "examples/notebook/history.ipynb"
CELLS: list[dict[str, Any]] = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


def shown(source: str, names: dict[str, Any]) -> Any:
    """Execute a cell and return the value of its last expression, which a notebook shows."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, str(NOTEBOOK), "exec"), names)
    if last is None:
        return None
    assert isinstance(last, ast.Expr)
    return eval(compile(ast.Expression(last.value), str(NOTEBOOK), "eval"), names)


@pytest.mark.long
def test_every_cell_runs_and_shows_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shipped(tmp_path / "project"))
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    done = CliRunner().invoke(cli, ["reviews", "import", "reports/reviews_synthetic.jsonl"])
    assert done.exit_code == 0
    names: dict[str, Any] = {}
    values = [shown("".join(c["source"]), names) for c in CELLS if c["cell_type"] == "code"]
    assert len(values) == 8
    for value in values:
        assert len(value) if hasattr(value, "__len__") else "<table>" in value._repr_html_()
    assert values[1].outcome == "reject"
    assert (values[4] < 0).all(), "what a rejected adapter lost"


def test_the_notebook_is_kept_without_outputs() -> None:
    for cell in CELLS:
        assert cell.get("outputs", []) == [] and cell.get("execution_count") is None
