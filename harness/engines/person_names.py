"""Names of people in texts, by a token classification model that lies on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.errors import EngineFailed, WeightsError, reason
from harness.libraries import quiet_libraries

SURE = 0.7
"""The score from which a name counts as found."""
_PERSON = ("PER", "PERSON")
"""What models call a person, behind B- and I-."""


class PersonNames:
    """One model on the CPU, loaded when first used; nothing is fetched and nothing is sent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pipeline: Any = None

    def find(self, texts: Sequence[str]) -> Iterator[list[str]]:
        """The names in each text, in their order."""
        if self._pipeline is None:
            self._load()
        try:
            for found in self._pipeline(list(texts), batch_size=16):
                yield [
                    str(one["word"])
                    for one in found
                    if one["entity_group"].upper() in _PERSON and one["score"] >= SURE
                ]
        except Exception as problem:  # whatever a foreign model does wrong
            raise EngineFailed(f"{self.folder}: fails on a text ({reason(problem)})") from None

    def _load(self) -> None:
        quiet_libraries()
        from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

        where: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        try:
            model = AutoModelForTokenClassification.from_pretrained(
                self.folder, use_safetensors=True, **where
            )
            tokenizer = AutoTokenizer.from_pretrained(self.folder, **where)
        except Exception as problem:  # a damaged folder fails in as many ways as it has files
            raise WeightsError(
                f"{self.folder}: no token classification model loads from it ({reason(problem)})"
            ) from None
        labels = {str(label).upper().partition("-")[2] for label in model.config.id2label.values()}
        if not labels & set(_PERSON):
            raise WeightsError(
                f"{self.folder}: knows no people, a label like B-{_PERSON[0]} is needed"
            )
        self._pipeline = pipeline(
            "token-classification", model=model, tokenizer=tokenizer, device="cpu",
            aggregation_strategy="simple",
        )  # fmt: skip
