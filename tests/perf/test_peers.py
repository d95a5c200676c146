"""The table beside lm-evaluation-harness."""

from __future__ import annotations

from pathlib import Path

from pairs import Comparison, Pair
from peers import NEEDED, is_ready, table


def test_a_way_is_told_by_its_time_over_that_of_the_gate_in_the_same_round() -> None:
    quiet = Comparison((Pair(60.0, 6.0, 0.0), Pair(66.0, 6.0, 0.1), Pair(90.0, 10.0, 0.05)))
    assert table({"as it comes": quiet})[-1] == "| as it comes | 66.0 | 10.0 (9.0 to 11.0) times |"


def test_a_noisy_machine_gives_no_seconds() -> None:
    noisy = Comparison((Pair(60.0, 6.0, 0.5),))
    line = table({"as it comes": noisy})[-1]
    assert line == "| as it comes | too noisy to tell: fixed work varied by 50% | |"


def test_an_environment_counts_only_with_the_version_that_is_measured(tmp_path: Path) -> None:
    assert not is_ready(tmp_path)
    (tmp_path / ".ready").write_text("lm-eval==0.1")
    assert not is_ready(tmp_path)
    (tmp_path / ".ready").write_text(" ".join(NEEDED))
    assert is_ready(tmp_path)
