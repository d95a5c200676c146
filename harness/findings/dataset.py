"""All checks of a training set, in a single list of findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.findings.endings import endings
from harness.findings.finding import Finding
from harness.findings.outliers import languages, lengths, other_languages
from harness.findings.overlap import CaseText, case_texts, overlap_of
from harness.findings.personal import personal
from harness.findings.repeats import repeats
from harness.findings.voice import HouseVoice
from harness.records import Benchmark
from harness.records.training_example import TrainingExample
from harness.text.quoting import IN_INPUT, IN_OUTPUT, Shape

SMALL, LARGE = 50, 1_000
"""Fewest examples that fine-tuning of this kind needs, and the number above which is unusual."""
LOOK = frozenset({"outlier", "size", "origin"})
"""Kinds that a person should look at, but that do not make a set unfit."""
STEPS = ("repeats", "personal data", "endings and voice", "lengths", "languages", "overlap")


@dataclass(frozen=True, slots=True)
class Measure:
    """The cases, voice and glossary that a training set is compared with."""

    cases: Mapping[str, str | CaseText]
    """The cases of every benchmark, by `benchmark/id`."""
    house: HouseVoice | None = None
    """The voice of the task's benchmark; None without a benchmark or without a chosen task."""
    banned: Callable[[str], str] = lambda text: ""
    """Returns the message of the task's glossary about a text; empty where the text is clean."""
    region: str = "US"
    """Country of the phone numbers without a `+`."""


def check_examples(
    examples: Sequence[TrainingExample],
    measure: Measure,
    on_progress: Callable[[str, int, int], None] = lambda step, done, total: None,
) -> Iterator[Finding]:
    """Run every check; `on_progress` is called with each step as it begins.

    Texts are checked turn by turn: of a conversation, every turn that is learnt is an output.
    Retired examples teach nothing, so only personal data is looked for in them.
    """
    taught = [example for example in examples if not example.retired]
    parts = [part for example in taught for part in example.exchanges()]
    # Deferred, so that a step is announced before its work begins.
    checks: tuple[Callable[[], Iterable[Finding]], ...] = (
        lambda: repeats(taught),
        lambda: _personal(examples, measure.region),
        lambda: _texts(parts, measure),
        lambda: lengths(parts),
        lambda: other_languages(parts, languages(parts)),
        lambda: overlaps(taught, measure.cases),
    )
    for done, (step, check) in enumerate(zip(STEPS, checks, strict=True)):
        on_progress(step, done, len(STEPS))
        yield from check()
    yield from size(len(taught))


def size(count: int) -> Iterator[Finding]:
    """Yield a finding where there are unusually few or many examples."""
    if count < SMALL:
        message = f"{count} examples, fine-tuning needs {SMALL} or more; `train` wants --anyway"
        yield Finding("size", None, message)
    elif count > LARGE:
        message = (
            f"{count:,} examples; {SMALL} to {LARGE:,} are usual, more has to be worth its time"
        )
        yield Finding("size", None, message)


def overlaps(
    examples: Sequence[TrainingExample], cases: Mapping[str, str | CaseText]
) -> Iterator[Finding]:
    """Yield the examples that a benchmark asks about: training on them would spoil its verdicts."""
    parts = [part for example in examples for part in example.exchanges()]
    for found in overlap_of(parts, cases):
        how = {
            "exact": "is",
            "normalised": "is, but for case, punctuation or white space,",
            "contained": "contains",
            "near": f"is, but for {found.changed} words,",
        }[found.how]
        line = parts[found.index].line
        yield Finding("overlap", line, f"the input {how} benchmark case {found.case}")


def _personal(examples: Sequence[TrainingExample], region: str) -> Iterator[Finding]:
    for example in examples:
        for side, text in sides_of(example):
            for what, written in personal(text, region):
                yield Finding("personal_data", example.line, what + side.say(written))


def sides_of(example: TrainingExample) -> Iterator[tuple[Shape, str]]:
    """Yield every text of an example, each with the words for its side."""
    for text in (example.system or "", *example.context):
        yield IN_INPUT, text
    for turn in example.turns:
        yield (IN_OUTPUT if turn.role == "assistant" else IN_INPUT), turn.content
    yield IN_INPUT, example.input
    yield IN_OUTPUT, example.output


def _texts(examples: Sequence[TrainingExample], measure: Measure) -> Iterator[Finding]:
    """Yield problems of the outputs; an output that is cut off is not also checked for voice."""
    cut = list(endings(examples, measure.house))
    yield from cut
    lines = {finding.line for finding in cut}
    for example in examples:
        banned = measure.banned(example.output)
        if banned:
            yield Finding("banned_term", example.line, banned)
        if measure.house is not None and example.line not in lines:
            yield from measure.house.findings(example)


def case_inputs(benchmark: Benchmark) -> dict[str, CaseText]:
    """Return the cases of a benchmark and of its reserve by `benchmark/id`, as `Measure` does."""
    texts = case_texts(benchmark.all_cases)
    return {f"{benchmark.name}/{name}": text for name, text in texts.items()}
