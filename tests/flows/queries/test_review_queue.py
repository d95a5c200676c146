import pytest

from harness.errors import BenchmarkError, DataError
from harness.flows.queries import blind_pairs, blind_results, review_queue
from harness.flows.reviews.file_review import file_review
from harness.flows.reviews.handing_out import hand_out
from tests.fakes.project import TASK


def file(past, waiting, decision="accepted", **more):
    return file_review(past.project, past.store, waiting, decision, **({"reviewer": "Ben"} | more))


def test_an_empty_store_says_which_command_fills_the_queue(past):
    found = review_queue(past.project, past.store)
    assert (found.task, found.tasks, found.adapter, found.waiting) == (TASK, (TASK,), None, ())
    assert "`pytest --model NAME`" in found.missing


@pytest.mark.long
def test_the_promoted_adapters_outputs_wait_first(two):
    found = review_queue(two.project, two.store)
    assert found.adapter == "v1" and found.adapters == ("v1", "v2")
    assert (len(found.waiting), found.total, found.reviewed, found.missing) == (8, 8, 0, "")
    first = found.waiting[0]
    assert first.where == "logistics-1" and first.origin == "benchmark"
    assert first.slices == {"industry": "logistics"}


@pytest.mark.long
def test_what_was_reviewed_waits_no_more(two):
    one = review_queue(two.project, two.store).waiting[0]
    review = file(two, one, "edited", final=one.output + " Thanks", reason="friendlier")
    found = review_queue(two.project, two.store)
    assert (len(found.waiting), found.reviewed) == (7, 1)
    assert one.key not in [left.key for left in found.waiting]
    assert (review.source, review.reviewer, review.reason) == ("benchmark", "Ben", "friendlier")
    assert 0 < review.edit_rate < 1 and review.seq == 1
    assert review.digest == two.digest("v1")


@pytest.mark.long
def test_reviews_of_benchmark_outputs_are_no_part_of_productions_rates(two):
    for one in review_queue(two.project, two.store).waiting:
        file(two, one, "rejected")
    assert two.store.reviews.count() == 8
    assert two.store.reviews.rates("week", TASK) == []
    assert two.store.reviews.weekly(TASK) == []


@pytest.mark.slow
def test_when_all_is_reviewed_it_says_so(two):
    for one in review_queue(two.project, two.store).waiting:
        file(two, one)
    found = review_queue(two.project, two.store)
    assert found.waiting == () and "all 8 outputs of v1 are reviewed" in found.missing


@pytest.mark.long
def test_the_second_of_two_reviewers_is_told(two):
    one = review_queue(two.project, two.store).waiting[0]
    file(two, one)
    with pytest.raises(DataError, match="meanwhile"):
        file(two, one, "rejected", reviewer="Cleo")
    with pytest.raises(DataError, match="meanwhile"):
        file(two, one)
    assert two.store.reviews.count() == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("decision", "final", "said"),
    [
        ("accepted", "another text", "that is edited"),
        ("edited", None, "no final"),
        ("edited", "  ", "no final"),
        ("rejected", "a text", "never sent"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(two, decision, final, said):
    one = review_queue(two.project, two.store).waiting[0]
    with pytest.raises(DataError, match=said):
        file(two, one, decision, final=final)
    assert two.store.reviews.count() == 0


@pytest.mark.long
@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 201])
def test_a_reviewer_has_a_name(two, name):
    one = review_queue(two.project, two.store).waiting[0]
    with pytest.raises(DataError):
        file(two, one, reviewer=name)


@pytest.mark.long
def test_outputs_of_production_wait_in_a_folder_of_the_reports(two):
    line = {"task": TASK, "adapter": "v1", "input": "Gus, Pine Labs", "output": "Hi Gus"}
    two.tiny.write_lines("reports/waiting/today.jsonl", [line, line])
    first = review_queue(two.project, two.store).waiting[0]
    assert (first.origin, first.where, first.output) == ("file", "today.jsonl", "Hi Gus")
    file(two, first)
    assert review_queue(two.project, two.store).total == 8, "the same output only once"


@pytest.mark.slow
@pytest.mark.parametrize("line", ['{"task": "openers"}', "{", '{"extra": 1}', "[]"])
def test_a_file_that_is_no_queue_is_named_with_its_line(two, line):
    two.tiny.write("reports/waiting/bad.jsonl", line + "\n")
    with pytest.raises(DataError, match=r"bad\.jsonl:1"):
        review_queue(two.project, two.store)


@pytest.mark.long
def test_blind_pairs_are_shuffled_the_same_way_for_the_same_seed(two):
    pairs = blind_pairs(two.project, two.store, TASK, "v1", "v2", seed=3)
    assert pairs == blind_pairs(two.project, two.store, TASK, "v1", "v2", seed=3)
    assert pairs != blind_pairs(two.project, two.store, TASK, "v1", "v2", seed=4)
    assert len(pairs) == 8
    assert {pair.left.adapter for pair in pairs} == {"v1", "v2"}
    assert all(pair.left.input == pair.right.input == pair.input for pair in pairs)


@pytest.mark.slow
def test_blind_results_say_how_each_was_treated(two):
    [pair, *_] = blind_pairs(two.project, two.store, TASK, "v1", "v2")
    sides = {side.adapter: side for side in (pair.left, pair.right)}
    file(two, sides["v1"], "rejected")
    file(two, sides["v2"])
    assert len(blind_pairs(two.project, two.store, TASK, "v1", "v2")) == 7
    one, other = blind_results(two.project, two.store, TASK, "v1", "v2")
    assert (one.adapter, one.rejected, one.accepted) == ("v1", 1, 0)
    assert one.rejection.n == 1 and one.rejection.value == 1.0 and one.edit.value is None
    assert (other.adapter, other.accepted, other.edit.value) == ("v2", 1, 0.0)


@pytest.mark.slow
def test_adapters_that_wrote_the_same_leave_nothing_to_prefer(two):
    assert blind_pairs(two.project, two.store, TASK, "v1", "v1") == ()
    assert [one.n for one in blind_results(two.project, two.store, TASK, "v1", "v1")] == [0, 0]


@pytest.mark.slow
def test_an_unknown_task_is_refused(two):
    with pytest.raises(BenchmarkError, match="no benchmark is for this task"):
        review_queue(two.project, two.store, "nonsense")


@pytest.mark.slow
def test_a_blind_pair_and_the_queue_do_not_give_out_the_same_output(two):
    pairs = blind_pairs(two.project, two.store, TASK, "v1", "v2")
    groups = [pair.unreviewed for pair in pairs]
    place = hand_out(two.store, groups, "ana")
    assert place is not None
    taken = {one.key for one in groups[place]}
    outputs = review_queue(two.project, two.store).waiting
    seen = set()
    for n in range(len(outputs) - 1):
        found = hand_out(two.store, [(one,) for one in outputs], f"session {n}")
        assert found is not None
        seen.add(outputs[found].key)
    assert len(seen) == len(outputs) - 1
    assert taken.isdisjoint(seen)
    assert hand_out(two.store, [(one,) for one in outputs], "one too many") is None
