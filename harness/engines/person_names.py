"""Find names of people in texts with a token classification model on this machine."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import EngineFailed, WeightsError, reason
from harness.libraries import quiet_libraries

if TYPE_CHECKING:
    from transformers import TokenClassificationPipeline

_log = logging.getLogger(__name__)

SURE = 0.7
"""The score from which a name counts as found."""
_PERSON = ("PER", "PERSON")
"""Labels of a person, after the prefix B- or I-."""


class PersonNames:
    """A model on the CPU, loaded when first used; no data is fetched or sent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pipeline: TokenClassificationPipeline | None = None

    def find(self, texts: Sequence[str]) -> Iterator[list[str]]:
        """Yield the names in each text, in their order."""
        if self._pipeline is None:
            self._pipeline = self._load()
        try:
            for found in self._pipeline(list(texts), batch_size=16):
                yield [
                    str(entity["word"])
                    for entity in found
                    if entity["entity_group"].upper() in _PERSON and float(entity["score"]) >= SURE
                ]
        except Exception as problem:  # a foreign model may fail in any way
            _log.debug("%s: fails on a text", self.folder, exc_info=True)
            raise EngineFailed(f"{self.folder}: fails on a text ({reason(problem)})") from problem

    def _load(self) -> TokenClassificationPipeline:
        quiet_libraries()
        from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

        try:
            model = AutoModelForTokenClassification.from_pretrained(
                self.folder, use_safetensors=True, local_files_only=True, trust_remote_code=False
            )
            tokenizer = AutoTokenizer.from_pretrained(
                self.folder, local_files_only=True, trust_remote_code=False
            )
        except Exception as problem:  # a damaged folder fails in as many ways as it has files
            _log.debug("%s: no model loads", self.folder, exc_info=True)
            raise WeightsError(
                f"{self.folder}: no token classification model loads from it ({reason(problem)})"
            ) from problem
        labels = {str(label).upper().partition("-")[2] for label in model.config.id2label.values()}
        if not labels & set(_PERSON):
            raise WeightsError(
                f"{self.folder}: knows no people, a label like B-{_PERSON[0]} is needed"
            )
        return pipeline(
            "token-classification", model=model, tokenizer=tokenizer, device="cpu",
            aggregation_strategy="simple",
        )  # fmt: skip
