"""The tables of gates on random bases, and one small run of all that is measured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from bases import Found, Piece, goals, options, steps, times
from gate_steps import STEPS
from pairs import Turn
from random_bases import SHAPES

ROOT = Path(__file__).resolve().parents[2]
LLAMA = next(shape for shape in SHAPES if shape.name == "Llama-3.2-1B")
GIB = 2**30


def turns(*pieces: Piece, noise: float = 0.0) -> list[Turn[Piece]]:
    return [Turn(piece, 1.0, 1.0 + noise) for piece in pieces]


def watched(each: float, least: float, through: str = "torch alone") -> Piece:
    return Piece(each * len(STEPS), 3 * GIB, through, dict.fromkeys(STEPS, each), least)


def found(noise: float = 0.0) -> Found:
    gates = turns(Piece(40.0, 3 * GIB), Piece(44.0, 4 * GIB), noise=noise)
    loops = turns(Piece(80.0, 6 * GIB), Piece(110.0, 6 * GIB), noise=noise)
    quick, slow = (
        turns(watched(5.0, 10.0), watched(each, 10.0), noise=noise) for each in (5.0, 10.0)
    )
    named = {"gate": gates, "steps": quick, "transformers": slow, "merged": loops}
    return Found(LLAMA, 2 * GIB, named)


def test_a_way_has_its_ratio_to_the_gate_of_its_round_and_its_highest_peak() -> None:
    _, _, gate, loop = times([found()])
    assert gate == "| Llama-3.2-1B, 2.00 GiB | this gate, cold, verdict and all | 42.0 |  |" \
        " 4.00 GiB | 2.0 |"  # fmt: skip
    assert "| 95.0 | 0.45 (0.40 to 0.50) | 6.00 GiB | 3.0 |" in loop


def test_seconds_of_a_noisy_machine_are_left_out_and_memory_stays() -> None:
    _, _, gate, loop = times([found(noise=0.3)])
    assert all("too noisy to tell: fixed work varied by 30%" in line for line in (gate, loop))
    assert "95.0" not in loop and "0.45" not in loop
    assert "6.00 GiB" in loop


def test_steps_are_told_for_each_way_with_the_ratio_to_torch_alone_and_the_roofline() -> None:
    head, _, quick, slow = steps([found()])
    assert all(f" {step} |" in head for step in STEPS)
    assert quick.endswith("| 40.0 |  | 1.50 |")
    assert slow.endswith("| 60.0 | 0.75 (0.50 to 1.00) | 2.25 (1.50 to 3.00) |")
    assert {line.count("|") for line in (head, quick, slow)} == {len(STEPS) + 6}


def test_steps_of_a_noisy_machine_fill_the_row_with_no_figure() -> None:
    head, _, quick, _ = steps([found(noise=0.3)])
    assert quick.count("|") == head.count("|")
    assert "5.00" not in quick


def test_the_goals_of_a_billion_weights_are_told() -> None:
    assert goals([found()]) == [
        "- Llama-3.2-1B: at most 0.5 of plain loop, merged, batch 25: kept",
        "- Llama-3.2-1B: reading, writing and weighing at most 2.0 rooflines: kept",
    ]
    assert all("too noisy" in line for line in goals([found(noise=0.3)]))


def test_all_ways_are_taken_unless_some_are_asked_for() -> None:
    assert "lm-eval" in options().parse_args([]).ways
    assert options().parse_args(["--ways", "merged"]).ways == ["merged"]


@pytest.mark.real
@pytest.mark.long
def test_a_small_run_measures_gates_loops_and_steps(tmp_path: Path) -> None:
    words = "--only tiny --rounds 1 --cases 2 --tokens 4 --ways steps transformers merged"
    done = subprocess.run(
        [sys.executable, "perf/bases.py", *words.split(), "--environment", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "| tiny | torch alone |" in done.stdout
    assert "| tiny | transformers |" in done.stdout
    assert "plain loop, merged, batch 25" in done.stdout
    told = [line for line in done.stderr.splitlines() if line.startswith("round 1, steps")]
    assert all(f"{step} " in told[0] for step in STEPS)
