"""What a worker sends back: texts and likelihoods each in one go, whatever the engine yields."""

from __future__ import annotations

from harness.engines.batches import BatchResult
from harness.engines.protocol import Weighed
from harness.engines.ray.worker import joined
from harness.records import Output


def text(case: str, seconds: float) -> BatchResult:
    return BatchResult(outputs=(Output(case, "a text", 0, 2),), seconds=seconds)


def test_a_batch_comes_back_as_its_proof_its_texts_and_its_likelihoods() -> None:
    proof = BatchResult(shift=1.0, seconds=3.0)
    weighed = [BatchResult(weighed=(Weighed(case, 0, 0.5),), seconds=0.25) for case in "ab"]
    first, texts, nlls = joined([proof, text("a", 1.0), text("b", 2.0), *weighed])
    assert first == proof
    assert [output.case for output in texts.outputs] == ["a", "b"] and texts.seconds == 3.0
    assert [one.case for one in nlls.weighed] == ["a", "b"] and nlls.seconds == 0.5


def test_a_batch_that_ended_early_brings_what_it_has() -> None:
    assert joined([]) == ()
    assert joined([text("a", 1.0)]) == (text("a", 1.0),)
