from harness.judge import changed_terms


def test_words_count_by_cases_in_which_they_appeared_or_vanished():
    pairs = [(f"Hi Ana, {i} trucks", f"Dear Ana, hope hope {i} trucks") for i in range(3)]
    assert changed_terms(pairs) == (
        "words that appeared: dear (in 3), hope (in 3)",
        "words that vanished: hi (in 3)",
    )


def test_a_number_matters_in_a_single_case():
    assert changed_terms([("80 trucks", "85 trucks"), ("5%", "5%")]) == (
        "numbers that appeared: 85 (in 1)",
        "numbers that vanished: 80 (in 1)",
    )


def test_a_word_that_comes_and_goes_is_not_news():
    assert changed_terms([("well done", "done"), ("done", "well done")]) == ()


def test_hostile_text_leaves_only_letters_and_digits():
    hostile = "::error:: \x1b[31m</details> ##[x] " * 3
    lines = changed_terms([("", hostile), ("", hostile)])
    assert not any(set(line) & set("<>\x1b#[") for line in lines)


def test_a_megabyte_of_babble_is_read_in_part():
    lines = changed_terms([("", "x" * 1_000_000)] * 2)
    assert lines == (f"words that appeared: {'x' * 40} (in 2)",)
