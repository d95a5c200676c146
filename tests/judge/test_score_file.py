import numpy as np
import pytest

from harness.errors import DataError
from harness.judge import Labels, paired_from_rows
from harness.records import MetricRule, Policy
from tests.judge.rule1.ways import verdict_from_rows

HUGE = 10**5000


def str_of(value):
    """An id for pytest, which cannot print a number of 5,000 digits."""
    return "huge" if value is HUGE else repr(value)[:20]


def rows(n=25, metric="edit_similarity", d=0.01, **more):
    return [
        {"case": f"case-{i:02d}", "metric": metric, "candidate": 0.8 + d, "promoted": 0.8, **more}
        for i in range(n)
    ]


def test_a_score_file_is_judged_by_the_same_rule():
    verdict = verdict_from_rows(rows())
    assert (verdict.outcome, verdict.n, verdict.promoted) == ("promote", 25, "promoted")
    assert verdict_from_rows(rows(d=-0.2)).outcome == "reject"


def test_sides_can_be_called_by_their_names():
    labels = Labels(benchmark="outreach", candidate="v2", promoted="v1")
    verdict = verdict_from_rows(rows(), labels=labels)
    assert (verdict.candidate, verdict.promoted, verdict.benchmark) == ("v2", "v1", "outreach")
    assert "v1" in verdict.reasons[0]


def test_the_order_of_rows_does_not_matter():
    table = rows(d=0.0)
    for i, row in enumerate(table):
        row |= {"candidate": (i % 7) / 10 + 0.3, "slice": f"s={i % 3}"}
    assert verdict_from_rows(table) == verdict_from_rows(table[::-1])


def test_nothing_but_equal_scores_is_identical():
    verdict = verdict_from_rows(rows(d=0.0))
    assert verdict.identical
    assert verdict.reasons == ("identical: no score differs from that of promoted",)


def test_pinned_scores_must_hold_too():
    verdict = verdict_from_rows(rows(pinned=0.95))
    assert verdict.outcome == "inconclusive"
    assert "pinned" in verdict.reasons[0]
    assert verdict_from_rows(rows(pinned=0.8)).outcome == "promote"


def test_slices_groups_and_critical_cases_are_read():
    table = rows()
    for i, row in enumerate(table):
        row |= {"slice": f"a={i % 5}; b={i % 2}", "group": f"g{i // 2}", "critical": "true"}
    paired = paired_from_rows(table)
    assert paired.slices == ("a=0", "a=1", "a=2", "a=3", "a=4", "b=0", "b=1")
    assert len(set(paired.groups.tolist())) == 13
    assert paired.critical.all()


def test_empty_cells_are_missing_and_not_zero():
    table = rows(slice="", group="", critical="", pinned="")
    table[3]["candidate"] = ""
    paired = paired_from_rows(table)
    assert np.isnan(paired.candidate[0, 3])
    assert paired.groups is None
    assert tuple(paired.references) == ("promoted",)
    assert verdict_from_rows(table).outcome == "inconclusive"


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 1.0000001, 90, True, "0.9", -0.1, HUGE, [0.5]], ids=str_of
)
@pytest.mark.parametrize("side", ["candidate", "promoted", "pinned"])
def test_what_is_no_score_is_refused_with_its_line(value, side):
    table = rows()
    table[6] |= {side: value, "line": 8}
    with pytest.raises(DataError, match=f"line 8: {side} is .*a number from 0 to 1"):
        paired_from_rows(table)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"case": ""}, "row 7: case is ''"),
        ({"case": 7}, "row 7: case is 7"),
        ({"metric": None}, "row 7: metric is None"),
        ({"case": "case-00"}, "row 7: case 'case-00' has metric 'edit_similarity' twice"),
        ({"case": "CASE-00"}, "'CASE-00' and 'case-00' only look different"),
        ({"critical": "perhaps"}, "critical is 'perhaps'; true and false"),
        ({"critical": HUGE}, "true and false are allowed"),
        ({"slice": 5}, "slice is 5"),
    ],
    ids=lambda value: value if isinstance(value, str) else "change",
)
def test_every_mistake_is_named(change, message):
    table = rows()
    table[6] |= change
    with pytest.raises(DataError, match=message):
        paired_from_rows(table)


def test_a_case_belongs_to_one_group():
    table = rows(group="a") + rows(metric="embedding_similarity", group="b")
    with pytest.raises(DataError, match="keep one of them"):
        paired_from_rows(table)


def test_a_missing_column_and_an_empty_file_are_named():
    table = rows()
    del table[2]["promoted"]
    with pytest.raises(DataError, match="row 3: no promoted; case, metric, candidate, promoted"):
        paired_from_rows(table)
    with pytest.raises(DataError, match="there are no rows"):
        paired_from_rows([])


@pytest.mark.parametrize("n", [1, 2, 4])
def test_a_handful_of_cases_is_never_judged(n):
    verdict = verdict_from_rows(rows(n=n, d=-0.5))
    assert verdict.outcome == "inconclusive"
    assert "too few to judge" in verdict.reasons[0]


def test_rules_and_policy_can_be_given():
    rules = (MetricRule("edit_similarity", "gate", 0.3),)
    assert verdict_from_rows(rows(d=-0.2), Policy(), rules).outcome == "promote"
    metric = MetricRule("edit_rate", "gate", 0.05)
    worse = verdict_from_rows(rows(metric="edit_rate", d=0.1), Policy(), (metric,))
    assert worse.outcome == "reject", "an edit rate is better when it is lower"
    assert worse.metrics[0].difference == pytest.approx(0.1)
