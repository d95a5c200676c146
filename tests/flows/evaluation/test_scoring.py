"""Texts are embedded once in a store's life, and what was embedded before a crash is kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.errors import EngineFailed
from harness.flows.evaluation import scoring
from harness.flows.evaluation.scoring import vectors_of
from tests.fakes.project import TinyProject


class Embedder:
    """A text's length as its vector; breaks after so many calls."""

    version = "1"

    def __init__(self, calls: int = 99) -> None:
        self.calls = calls
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        if not self.calls:
            raise EngineFailed("the machine broke")
        self.calls -= 1
        self.embedded += texts
        return [np.array([len(text)], dtype=np.float32) for text in texts]


TEXTS = [f"text {'x' * n}" for n in range(5)]


@pytest.fixture(autouse=True)
def few_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "TOGETHER", 2)


def test_what_was_embedded_before_it_broke_is_not_embedded_again(project: TinyProject) -> None:
    first, second = Embedder(calls=2), Embedder()
    store = project.store()
    with pytest.raises(EngineFailed):
        vectors_of(TEXTS, store, first, "digest")  # type: ignore[arg-type]
    found = vectors_of(TEXTS, store, second, "digest")  # type: ignore[arg-type]
    store.close()
    assert first.embedded == TEXTS[:4]
    assert second.embedded == TEXTS[4:]
    assert {text: float(vector[0]) for text, vector in found.items()} == {
        text: float(len(text)) for text in TEXTS
    }


def test_progress_says_how_many_are_embedded(project: TinyProject) -> None:
    heard: list[tuple[int, int]] = []
    store = project.store()
    told = lambda done, missing: heard.append((done, missing))  # noqa: E731  a callback
    vectors_of(TEXTS, store, Embedder(), "digest", told)  # type: ignore[arg-type]
    store.close()
    assert heard == [(0, 5), (2, 5), (4, 5)]
