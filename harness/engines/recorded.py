"""Engine `recorded`: outputs that were generated elsewhere, read from files.

They lie in `<folder>/<adapter>/<benchmark>.jsonl`, a line `{"case", "output", "ideal_nll"?}` each;
beside them, in `<benchmark>.finals.jsonl`, the NLLs of texts that people sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import TypeGuard

from harness.engines.protocol import Mounted, Weighed
from harness.errors import DataError
from harness.records import Generation, Output, Prompt

KEYS = ("case", "output", "ideal_nll", "sample")
Line = tuple[str, Mapping[str, object]]
"""`file:line` and its JSON object, as a strict reader returned it."""


class Recorded:
    """Answers from a file, and with no more than the file holds."""

    name = "recorded"
    likelihoods = True

    def __init__(self, lines: Sequence[Line], file: Path) -> None:
        self.file = file
        self.found: dict[tuple[str, int], tuple[str, list[float | None] | float | None]] = {}
        """By case and sample: the text and its `ideal_nll`."""
        for where, raw in lines:
            self._add(where, raw)

    def _add(self, where: str, raw: Mapping[str, object]) -> None:
        unknown = set(raw) - set(KEYS)
        if unknown:
            known = ", ".join(KEYS)
            raise DataError(f"{where}: unknown key `{sorted(unknown)[0]}`, known are {known}")
        case, text, sample = raw.get("case"), raw.get("output"), raw.get("sample", 0)
        # `type() is int`: a bool is an int to isinstance, and no number of a sample.
        if not isinstance(case, str) or not isinstance(text, str) or type(sample) is not int:
            raise DataError(f'{where}: needs {{"case": "...", "output": "..."}}')
        if (case, sample) in self.found:
            raise DataError(f"{where}: case {case!r} stands twice, once is allowed")
        nll = raw.get("ideal_nll")
        if (isinstance(nll, list) and all(map(_is_nll, nll))) or _is_nll(nll):
            self.found[case, sample] = (text, nll)
        else:
            raise DataError(f"{where}: `ideal_nll` must be a number of at least 0 per ideal")

    def origin(self, generation: Generation) -> Mapping[str, object]:
        """Return constants: the adapter's digest is that of the file, which is all that counts."""
        return {"engine": self.name, "decoding": "as recorded"}

    def generate(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        """Yield the recorded texts; a case without a text is an error, not an empty text."""
        self._refuse_missing(prompts)
        yield tuple(
            Output(p.case, self.found[p.case, p.sample][0].strip(), p.sample) for p in prompts
        )

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """Yield the recorded likelihoods, None for ideals without a record."""
        self._refuse_missing(prompts)
        found: list[Weighed] = []
        for prompt in prompts:
            nll = self.found[prompt.case, prompt.sample][1]
            numbers = nll if isinstance(nll, list) else [nll] * len(prompt.ideals)
            if len(numbers) != len(prompt.ideals):
                raise DataError(
                    f"{self.file}: case {prompt.case!r} has {len(prompt.ideals)} ideals but"
                    f" {len(numbers)} `ideal_nll`"
                )
            found += [Weighed(prompt.case, i, number) for i, number in enumerate(numbers)]
        yield tuple(found)

    def shift(self, adapter: Mounted, prompt: Prompt, generation: Generation) -> float | None:
        """Return None: recorded outputs do not tell whether an adapter was applied."""
        return None

    def close(self) -> None:
        """Return at once: no file stays open."""

    def _refuse_missing(self, prompts: Sequence[Prompt]) -> None:
        missing = [p.case for p in prompts if (p.case, p.sample) not in self.found]
        if missing:
            named = ", ".join(json.dumps(case) for case in missing[:5])
            raise DataError(f"{self.file}: no output for {len(missing)} cases ({named})")


def finals_of(lines: Sequence[Line]) -> dict[str, float]:
    """Return the NLL of reviewed finals by the id of their review."""
    found: dict[str, float] = {}
    for where, raw in lines:
        review, nll = raw.get("review"), raw.get("nll")
        if set(raw) != {"review", "nll"} or not isinstance(review, str) or not _is_nll(nll):
            raise DataError(f'{where}: needs {{"review": "...", "nll": 0.3}}')
        if review in found:
            raise DataError(f"{where}: review {review!r} stands twice, once is allowed")
        if nll is not None:
            found[review] = nll
    return found


def _is_nll(number: object) -> TypeGuard[float | None]:
    if number is None:
        return True
    return (
        isinstance(number, int | float)
        and not isinstance(number, bool)
        and isfinite(number)
        and number >= 0
    )
