"""Engine `recorded`: outputs that ran elsewhere, one `{"case", "output", "ideal_nll"?}` per line.

They lie in `<folder>/<adapter>/<benchmark>.jsonl`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from harness.engines.protocol import Mounted, Weighed
from harness.errors import DataError
from harness.records import Generation, Output, Prompt

KEYS = ("case", "output", "ideal_nll", "sample")
Line = tuple[str, Mapping[str, Any]]
"""`file:line` and the object there, as a strict reader gave it."""


class Recorded:
    """Answers from a file; knows no more than what was written down."""

    name = "recorded"
    likelihoods = True

    def __init__(self, lines: Sequence[Line], file: Path) -> None:
        self.file = file
        self.found: dict[tuple[str, int], tuple[str, Any]] = {}
        for where, raw in lines:
            self._add(where, raw)

    def _add(self, where: str, raw: Mapping[str, Any]) -> None:
        unknown = set(raw) - set(KEYS)
        if unknown:
            known = ", ".join(KEYS)
            raise DataError(f"{where}: unknown key `{sorted(unknown)[0]}`, known are {known}")
        case, text, sample = raw.get("case"), raw.get("output"), raw.get("sample", 0)
        if not isinstance(case, str) or not isinstance(text, str) or type(sample) is not int:
            raise DataError(f'{where}: needs {{"case": "...", "output": "..."}}')
        if (case, sample) in self.found:
            raise DataError(f"{where}: case {case!r} stands twice, once is allowed")
        nll = raw.get("ideal_nll")
        numbers = nll if isinstance(nll, list) else [nll]
        if any(not _is_nll(number) for number in numbers):
            raise DataError(f"{where}: `ideal_nll` must be a number of at least 0 per ideal")
        self.found[case, sample] = (text, nll)

    def origin(self, generation: Generation) -> Mapping[str, object]:
        """The file's content is already the adapter's digest; nothing else could change it."""
        return {"engine": self.name, "decoding": "as recorded"}

    def generate(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        """The recorded texts; a case that nobody recorded is an error, not an empty text."""
        self._refuse_missing(prompts)
        yield tuple(
            Output(p.case, self.found[p.case, p.sample][0].strip(), p.sample) for p in prompts
        )

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """The recorded likelihoods; None where none was recorded."""
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

    def _refuse_missing(self, prompts: Sequence[Prompt]) -> None:
        missing = [p.case for p in prompts if (p.case, p.sample) not in self.found]
        if missing:
            named = ", ".join(json.dumps(case) for case in missing[:5])
            raise DataError(f"{self.file}: no output for {len(missing)} cases ({named})")


def _is_nll(number: Any) -> bool:
    if number is None:
        return True
    right = isinstance(number, int | float) and not isinstance(number, bool)
    return right and isfinite(number) and number >= 0
