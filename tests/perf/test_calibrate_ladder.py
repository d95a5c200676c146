"""The draws from the ladder's scores: what is drawn, and what the table says of them."""

from __future__ import annotations

import calibrate_ladder
import numpy as np
import pytest
from calibrate_ladder import (
    CASES,
    MARGIN,
    RESERVE,
    SENT,
    Tally,
    ladder_table,
    outcomes,
    rungs,
    trial,
)
from ladder_scores import LadderScores, PromotedFinals

KINDS = ("base", *["reseed"] * 5, "under", "slice", "terms", "hot")
NAMES = ("base", *(f"reseed{n}" for n in range(5)), "under", "slice", "terms", "hot")
SLICES = tuple("abcd"[i % 4] for i in range(200))


@pytest.fixture(scope="module")
def scores() -> LadderScores:
    """Five equal adapters and four worse ones, with a little noise."""
    rng = np.random.default_rng(3)
    quality = rng.uniform(0.5, 0.8, 200)

    def around(shift: float) -> np.ndarray:
        return np.clip(quality + shift + rng.normal(0, 0.02, 200), 0, 1)

    def ladder() -> np.ndarray:
        lost = np.where(np.array(SLICES) == "a", around(-0.4), around(0))
        rows = [around(0) for _ in range(5)]
        return np.vstack([around(-0.3), *rows, around(-0.1), lost, around(-0.08), around(-0.05)])

    finals = {name: PromotedFinals(("accepted",) * 200, ladder(), ladder()) for name in NAMES[1:6]}
    return LadderScores(
        "outreach", NAMES, KINDS, SLICES, SLICES, ladder(), np.clip(ladder() + 0.2, 0, 1), finals
    )


@pytest.mark.medium
def test_every_re_seed_was_promoted_once_and_every_other_adapter_its_candidate(
    scores: LadderScores,
) -> None:
    found = list(rungs(scores))
    unchanged = {(rung.name, rung.promoted) for truth, rung in found if truth == "unchanged"}
    assert len(unchanged) == 20
    assert all(name != promoted for name, promoted in unchanged)
    assert sum(truth == "wrong terms" for truth, _ in found) == 5


@pytest.mark.medium
@pytest.mark.parametrize("margins", [1.0, 1.5, 2.0, 2.5])
def test_graded_harm_has_the_drop_that_its_name_says(scores: LadderScores, margins: float) -> None:
    for truth, rung in rungs(scores):
        if truth == f"worse by {margins:g} margins":
            reference = scores.likelihood[scores.row(rung.promoted)]
            drop = float((rung.likelihood - reference).mean())
            assert drop == pytest.approx(-margins * MARGIN, abs=0.002)


@pytest.mark.medium
def test_a_share_of_the_inputs_is_lost_among_cases_and_finals(scores: LadderScores) -> None:
    for truth, rung in rungs(scores):
        if truth == "4% of inputs lost":
            lost = scores.likelihood[scores.row("base")] == rung.likelihood
            assert lost.sum() == 8


@pytest.mark.parametrize(
    ("way", "cases", "reserve", "sent"),
    [
        ("cases", CASES, 0, 0),
        ("reserve", CASES, RESERVE, 0),
        ("finals", CASES, 0, SENT),
        ("both", CASES, RESERVE, SENT),
        ("verbatim", CASES, 0, SENT),
        ("texts", CASES, 0, 0),
    ],
)
def test_a_draw_holds_what_its_way_says(
    scores: LadderScores, way: str, cases: int, reserve: int, sent: int
) -> None:
    rng = np.random.default_rng(0)
    picked, finals = rng.permutation(200)[: CASES + RESERVE], rng.integers(200, size=SENT)
    _, rung = next(iter(rungs(scores)))
    drawn = trial(scores, rung, picked, finals, way)
    assert (len(drawn.own), len(drawn.reserve)) == (cases, reserve)
    assert (drawn.finals.n if drawn.finals else 0) == sent


@pytest.mark.long
def test_equal_adapters_are_promoted_and_worse_ones_rejected(scores: LadderScores) -> None:
    found = outcomes(scores, draws=2, seed=1)
    assert found["unchanged"].share("finals", "promote") == 100
    assert found["worse by 2.5 margins"].share("reserve", "reject") == 100


@pytest.mark.long
def test_the_table_names_every_truth_and_every_rule(
    scores: LadderScores, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrate_ladder, "read_scores", lambda task: scores)
    ladder_table("outreach", draws=1, seed=1)
    printed = capsys.readouterr().out
    for said in ("unchanged", "the worst pairs", "a slice lost", "adaptergate", "MLflow"):
        assert said in printed


def test_no_test_promotes_more_equal_adapters_than_it_does_with_the_scatter_told() -> None:
    equal = Tally(drop=[0.0], scatter=[0.06])
    worse = Tally(drop=[-MARGIN], scatter=[0.06])
    assert worse.most(25) == pytest.approx((5.0, 5.0))
    mean, least = equal.most(25)
    assert mean == least == pytest.approx(80.4, abs=0.1)  # 0.03 / 0.012 - 1.645 = 0.855
    assert equal.most(55)[0] > mean
