"""What reports are made of in these tests: a rejection with a case of every kind."""

from dataclasses import replace

from harness.records import (
    Case,
    CaseResult,
    CheckResult,
    Compared,
    Message,
    Output,
    Run,
    Worth,
)
from harness.render.report import Material, Placed
from tests.render.second import SECOND, second_full_of
from tests.render.test_verdict import VERDICT

INPUT = "Write: opener\nTo: Ana"
IDEAL = "Hi Ana, how many miles are empty?"
STIFF = "Dear Sir or Madam, how many miles are empty?"
FLAGS = ("broken", "fixed", "reworded", "changed", "same")


def result(case, text, score, *checks):
    scores = {"ideal_likelihood": score, "edit_similarity": score}
    return CaseResult(case, (Output(case.id, text),), scores, checks=checks)


def compared(identity, flag, before, now, text=STIFF, ideal=IDEAL, wrote=IDEAL, **how):
    case = Case(identity, how.pop("input", INPUT), (ideal,), {"industry": "logistics"}, **how)
    check = CheckResult("max_words", "must", flag != "broken", "12 words, allowed are at most 9")
    reference, candidate = result(case, wrote, before), result(case, text, now, check)
    scores = dict.fromkeys(candidate.scores, (before, now))
    return Compared(case, reference, candidate, scores, now - before, flag, None)


CASES = tuple(
    compared(f"{flag}-1", flag, 0.9 - place / 20, 0.2 + place / 10)
    for place, flag in enumerate(FLAGS)
)
RUN = Run(
    id="2026-11-20T09-12-44_adapter_v4_outreach_9f3c1a",
    adapter="adapter_v4",
    benchmark="outreach",
    task="outreach",
    fingerprint="9f3c1a77",
    results=tuple(one.candidate for one in CASES),
    complete=True,
    digests={"adapter": "ab" * 32},
    origin={"engine": "transformers", "versions": {"torch": "2.13.0"}, "source": {"dirty": False}},
    started="2026-11-20T09:12:44.000Z",
    seconds={"generate": 20.2},
)
GAIN = Worth("base", "outreach", "ideal_likelihood", "gate", 0.19, 0.1, 0.28, 30, "better")
MATERIAL = Material(
    run=RUN,
    verdict=replace(
        VERDICT, runs={"candidate": RUN.id}, worth=(GAIN,), guards=(replace(VERDICT, task=None),)
    ),
    references={"promoted": replace(RUN, id="the-promoted-run", adapter="adapter_v2")},
    compared=CASES,
    metric="ideal_likelihood",
    against="adapter_v2",
    placed=(
        Placed("adapter_v2", "2026-09-12T08:00:00.000Z", 0.41, 0.3, 0.5, 30),
        Placed("adapter_v4", "2026-11-20T09:12:44.000Z", 0.37, 0.28, 0.46, 30),
    ),
    verdict_id="5e" * 32,
    made="2026-11-20T09:13:00.000Z",
    promoted_at="2026-09-12T08:00:00.000Z",
    commands={"side by side": "lora-harness compare adapter_v4 adapter_v2"},
    again={"make it all again": "lora-harness evaluate adapter_v4 --refresh"},
)

BY_SECOND = replace(
    MATERIAL,
    verdict=replace(SECOND, runs={"candidate": RUN.id}, worth=(GAIN,)),
    finals={"r-1": "Hi Ana, could we talk about empty miles?"},
)
"""The same run, judged by the second rule."""


def by_second_full_of(text):
    """The same as `full_of`, judged by the second rule."""
    found = full_of(text)
    return replace(found, verdict=second_full_of(text, found.verdict), finals={text: text})


def full_of(text):
    """Wherever a model, a file or a person writes something, this."""
    verdict = MATERIAL.verdict
    worst = replace(verdict.slices[0], name=text, cases=(text,))
    hostile = replace(
        verdict,
        task=text or "t",
        benchmark=text,
        candidate=text,
        promoted=text,
        pinned=text,
        fingerprint=text,
        reasons=(text,) * 5,
        advice=(text,) * 3,
        notes=(text,) * 3,
        slices=(worst,),
        metrics=tuple(replace(metric, name=text) for metric in verdict.metrics),
        guards=(replace(verdict, benchmark=text, reasons=(text,)),),
        worth=(replace(GAIN, benchmark=text, metric=text, says=text),),
        left_out={text: text},
    )
    cases = tuple(
        replace(
            compared(
                text,
                flag,
                0.9,
                0.3,
                text,
                text,
                "x " + text,
                input=text,
                critical=True,
                turns=(Message("user", text), Message("assistant", text)),
                system=text,
                context=(text, text),
            ),
            accepted=text,
        )
        for flag in FLAGS
    )
    named = {"id": text, "adapter": text, "benchmark": text, "task": text}
    run = replace(RUN, **named, origin={text: text}, digests={text: text})
    return replace(
        MATERIAL,
        run=run,
        verdict=hostile,
        compared=cases,
        against=text,
        placed=(Placed(text, text, 0.5, None, None, 1), *MATERIAL.placed),
        made=text,
        promoted_at=text,
        overridden=True,
        commands={text: text},
        again={text: text},
        verdict_id=text,
    )
