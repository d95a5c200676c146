"""Learning curves that are planted: each is named rightly, and a wrong name is rare.

`python -m tests.findings.test_learning_curve` prints the shares of names for more shapes, noises
and numbers of seeds. The rule was made with an eye on `OTHERS`; `HELD_OUT` was written afterwards.
"""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from harness.findings.learning_curve import (
    WORTHWHILE,
    SizeScores,
    enough,
    foretell,
    further_examples,
    name_curve,
)
from harness.records import CurvePoint, Foretold, LearningCurve, RetrainLine

SIZES = (60, 120, 240)
PLANTED = {
    "saturated": ((0.40, 0.31, 0.305), 0.005),
    "more would help": ((0.50, 0.42, 0.34), 0.015),
    "too noisy to say": ((0.35, 0.33, 0.34), 0.08),
}
"""By name, the edit rates of a curve, and how much seeds differ."""
OTHERS = {
    "flat": (0.30, 0.30, 0.30),
    "steep, then flat": (0.60, 0.302, 0.30),
    "power law, c 0.5": (0.42, 0.35, 0.30),
    "power law, c 1": (0.36, 0.32, 0.30),
    "weak rise over log n": (0.36, 0.33, 0.30),
    "rise over n": (0.45, 0.40, 0.30),
    "late jump": (0.50, 0.50, 0.30),
    "made worse": (0.25, 0.28, 0.31),
    "worse at the end": (0.50, 0.30, 0.40),
}
"""Other edit rates."""
HELD_OUT = {
    "power law, c 0.3": ((0.47, 0.40, 0.343), True),
    "steep, still rising": ((0.90, 0.60, 0.42), True),
    "sigmoid, in its middle": ((0.52, 0.45, 0.33), True),
    "sigmoid, at its end": ((0.52, 0.33, 0.315), False),
    "exponential, at its end": ((0.46, 0.33, 0.32), False),
    "flat, at the floor": ((0.06, 0.055, 0.055), False),
    "dip in the middle": ((0.33, 0.36, 0.33), False),
}
"""Edit rates, and whether twice as many examples would bring 0.02 or more."""
UNEVEN = (3.0, 2.0, 1.0)
"""How much more than at the whole set seeds differ at each size: small sets vary most."""


def planted(
    curve: tuple[float, ...],
    noise: float,
    draw: int,
    seeds: int = 5,
    cases: int = 30,
    uneven: tuple[float, ...] = (1.0, 1.0, 1.0),
) -> Foretold:
    """Name a curve whose seeds and cases differ; every case gains in its own measure."""
    rng = np.random.default_rng(draw)
    hard, gains = rng.normal(0, 0.15, cases), rng.normal(0, 0.03, cases)
    sizes = [
        SizeScores(
            n / SIZES[-1],
            n,
            mean
            + hard
            + gains * math.log2(SIZES[-1] / n) / 2
            + rng.normal(0, noise * wider, (seeds, 1))
            + rng.normal(0, 0.05, (seeds, cases)),
        )
        for mean, n, wider in zip(curve, SIZES, uneven, strict=True)
    ]
    return name_curve("edit_rate", sizes, lower_is_better=True)


def names(
    curve: tuple[float, ...],
    noise: float,
    draws: int = 200,
    seeds: int = 5,
    uneven: tuple[float, ...] = (1.0, 1.0, 1.0),
) -> Counter[str]:
    """Return how often a curve got each name."""
    return Counter(planted(curve, noise, draw, seeds, uneven=uneven).name for draw in range(draws))


@pytest.mark.medium
@pytest.mark.parametrize("wanted", PLANTED)
def test_planted_curves_are_named_rightly_nine_times_of_ten(wanted: str) -> None:
    assert names(*PLANTED[wanted])[wanted] >= 180


@pytest.mark.medium
@pytest.mark.parametrize("curve", HELD_OUT)
@pytest.mark.parametrize("noise", [0.005, 0.02])
def test_curves_of_other_shapes_seldom_get_the_opposite_name(curve: str, noise: float) -> None:
    """Also where small sets vary more than large ones, as they do."""
    means, rising = HELD_OUT[curve]
    wrong = "saturated" if rising else "more would help"
    for uneven in ((1.0, 1.0, 1.0), UNEVEN):
        assert names(means, noise, 100, uneven=uneven)[wrong] <= 10


@pytest.mark.medium
@pytest.mark.parametrize("noise", [0.005, 0.02, 0.06])
def test_a_flat_curve_is_seldom_said_to_need_more(noise: float) -> None:
    assert names(OTHERS["flat"], noise)["more would help"] <= 10


@pytest.mark.long
@pytest.mark.parametrize("curve", ["rise over n", "late jump"])
def test_a_curve_that_still_rises_steeply_is_never_called_saturated(curve: str) -> None:
    for noise in (0.005, 0.02, 0.06):
        assert names(OTHERS[curve], noise)["saturated"] <= 4


@pytest.mark.medium
def test_examples_that_make_it_worse_are_not_asked_for() -> None:
    found = names(OTHERS["made worse"], 0.01)
    assert found["more would help"] == 0
    assert found["saturated"] >= 160


def test_a_fall_at_the_end_after_a_gain_is_no_learning_curve() -> None:
    found = planted(OTHERS["worse at the end"], 0.01, 0)
    assert (found.name, found.fits) == ("too noisy to say", False)


@pytest.mark.medium
@pytest.mark.parametrize("gain", [1.0, 0.7, 0.5, 0.25])
def test_the_interval_holds_what_twice_the_examples_bring(gain: float) -> None:
    """Each doubling brings `gain` of the one before; in 95 of 100 curves the interval has it."""
    first = 0.08
    curve = (0.5, 0.5 - first, 0.5 - first - gain * first)
    true = -first * gain**2
    held = 0
    for draw in range(200):
        one = planted(curve, 0.015, draw).doubled
        assert one.low is not None and one.high is not None
        held += one.low <= true <= one.high
    assert held >= 184  # 190 expected, less two standard errors


def test_a_higher_likelihood_is_a_gain_as_a_lower_edit_rate_is() -> None:
    rng = np.random.default_rng(0)
    scores = np.array([0.2, 0.3, 0.4]) + rng.normal(0, 0.005, (5, 8, 3))
    sizes = [SizeScores(n / 240, n, scores[:, :, place]) for place, n in enumerate(SIZES)]
    up = name_curve("ideal_likelihood", sizes, lower_is_better=False)
    down = name_curve("edit_rate", sizes, lower_is_better=True)
    assert (up.name, down.name) == ("more would help", "saturated")
    assert up.change.value == pytest.approx(down.change.value)


def test_the_figure_for_more_examples_follows_the_curve() -> None:
    """Straight over log n: 100 more of 240 bring log2(340 / 240) of a doubling."""
    sizes = [SizeScores(n / 240, n, np.full((2, 3), score)) for n, score in zip(
        SIZES, (0.5, 0.4, 0.3), strict=True
    )]  # fmt: skip
    found = name_curve("edit_rate", sizes, lower_is_better=True)
    assert found.more == 100
    assert found.doubled.value == pytest.approx(-0.1, abs=1e-3)
    assert found.change.value == pytest.approx(-0.1 * math.log2(340 / 240), abs=1e-3)
    assert found.name == "more would help"


def test_cases_of_a_group_count_as_one() -> None:
    rng = np.random.default_rng(1)
    gains = np.repeat(rng.normal(0, 0.1, 5), 6)
    sizes = [
        SizeScores(n / 240, n, 0.4 + gains * place + rng.normal(0, 0.01, (4, 30)))
        for place, n in enumerate(SIZES)
    ]
    groups = [str(place // 6) for place in range(30)]
    apart = name_curve("edit_rate", sizes, lower_is_better=True).doubled
    together = name_curve("edit_rate", sizes, groups, lower_is_better=True).doubled
    assert together.high - together.low > 1.5 * (apart.high - apart.low)  # type: ignore[operator]


def rates(*means: float) -> list[SizeScores]:
    """Six cases and three seeds of each size, which differ a little around a mean."""
    around = np.linspace(-0.03, 0.03, 18).reshape(3, 6)
    return [SizeScores(n / 240, n, mean + around) for n, mean in zip(SIZES, means, strict=True)]


@pytest.mark.parametrize(
    ("means", "examples"),
    [
        ((0.30, 0.15, 0.05), 120),
        ((0.10, 0.08, 0.05), 60),
        ((0.10, 0.25, 0.05), 240),  # a larger part that is above the line takes the smaller back
        ((0.30, 0.25, 0.19), None),  # below the line, but not by as much as seeds and cases differ
    ],
)
def test_enough_is_the_smallest_part_that_stays_within_the_line_of_the_alarm(
    means: tuple[float, ...], examples: int | None
) -> None:
    told = [name_curve("edit_rate", rates(*means), lower_is_better=True)]
    found = enough(told, RetrainLine(0.2, 0.25))
    assert found is not None
    assert (found.line, found.examples) == (0.2, examples)
    shown = means[-1] if examples is None else means[SIZES.index(examples)]
    assert found.score.value == pytest.approx(shown)
    assert found.score.low < shown < found.score.high  # type: ignore[operator]


def test_nothing_is_enough_where_no_line_is_declared_or_no_edit_rate_was_measured() -> None:
    told = [name_curve("edit_rate", rates(0.1, 0.1, 0.1), lower_is_better=True)]
    assert enough(told, None) is None
    likely = [name_curve("ideal_likelihood", rates(0.5, 0.6, 0.7), lower_is_better=False)]
    assert enough(likely, RetrainLine(0.2, 0.25)) is None


@pytest.mark.parametrize(
    ("n", "more"), [(20, 10), (50, 20), (100, 50), (240, 100), (1000, 500), (9000, 2000)]
)
def test_more_is_a_round_number_below_half_of_the_set(n: int, more: int) -> None:
    assert further_examples(n) == more


def test_nothing_is_foretold_before_two_seeds_are_whole() -> None:
    points = [
        CurvePoint(share, round(240 * share), seed, {"edit_rate": {"a": 0.3, "b": 0.2}}, 1.0, 10)
        for seed in (0, 1)
        for share in (0.25, 0.5, 1.0)
    ]
    whole = LearningCurve(
        *("openers", "openers", "a.jsonl", "f", 240, 2, {"a": "a", "b": "b"}, {}), tuple(points), ""
    )
    assert [one.metric for one in foretell(whole)] == ["edit_rate"]  # no engine gave likelihoods
    part = LearningCurve(
        *("openers", "openers", "a.jsonl", "f", 240, 2, {"a": "a"}, {}), tuple(points[:5]), ""
    )
    assert foretell(part) == ()


def _table() -> None:
    """Print the share of each name in percent, by shape, noise and number of seeds."""
    shapes = {wanted: curve for wanted, (curve, _) in PLANTED.items()} | OTHERS
    shapes |= {f"{shape} (held out)": curve for shape, (curve, _) in HELD_OUT.items()}
    print(
        f"{'saturated / more / noisy, %':36}",
        *(f"{s} seeds, {x:<9}" for s in (3, 5) for x in NOISES),
    )
    for shape, curve in shapes.items():
        cells = []
        for seeds in (3, 5):
            for noise in NOISES:
                found = names(curve, noise, 200, seeds)
                cells.append(" / ".join(f"{found[name] / 2:.0f}" for name in PLANTED))
        print(f"{shape:36}", *(f"{cell:18}" for cell in cells))


NOISES = (0.005, 0.01, 0.02, 0.06)

if __name__ == "__main__":
    print("a doubling is worth", WORTHWHILE)
    _table()
