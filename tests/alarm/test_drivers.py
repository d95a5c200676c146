from harness.alarm.drivers import EditedWords, reviewers_apart, slices_above
from harness.records import Tally


def tally(key, n, rate):
    return Tally(key, n, 0, n, 0, n, n * rate, 0, 1, n)


def test_only_slices_surely_above_the_acceptable_rate_are_named_the_worst_first():
    tallies = [
        tally("kind=opener", 100, 0.20),
        tally("kind=reply", 100, 0.35),
        tally("kind=note", 100, 0.45),
        tally("kind=rare", 5, 0.90),
    ]
    assert [one.name for one in slices_above(tallies, 0.20)] == ["kind=note", "kind=reply"]


def test_a_reviewer_stands_apart_only_from_enough_others():
    ana, ben, cleo = tally("ana", 60, 0.10), tally("ben", 60, 0.12), tally("cleo", 60, 0.60)
    (found,) = reviewers_apart([ana, ben, cleo])
    assert found.name == "cleo"
    assert abs(found.rest - 0.11) < 1e-9
    assert not reviewers_apart([cleo])
    assert not reviewers_apart([ana, ben])


def test_reviews_that_nobody_signed_are_no_reviewer():
    assert not reviewers_apart([tally("", 60, 0.60), tally("ana", 60, 0.10)])


def edited(pairs):
    words = EditedWords()
    for output, final in pairs:
        words.add(output, final)
    return words


def test_words_that_editors_take_out_and_put_in_are_named():
    pairs = [
        (f"Every client of firm{i} starts", f"Every customer of firm{i} starts") for i in range(6)
    ]
    pairs += [("Every start is slow", "Every start is slow")] * 10
    words = edited(pairs)
    (removed,), (added,) = words.removed(), words.added()
    assert (removed.name, removed.n, removed.rate) == ("client", 6, 1.0)
    assert (added.name, added.n) == ("customer", 6)


def test_a_word_changed_in_two_reviews_is_not_named():
    words = edited([("a client calls", "a customer calls")] * 2 + [("x y", "x y")] * 20)
    assert words.removed() == ()
    assert words.added() == ()


def test_a_word_that_goes_as_often_as_any_word_is_not_named():
    words = edited([("some plain words here", "other text entirely now")] * 30)
    assert words.removed() == ()
