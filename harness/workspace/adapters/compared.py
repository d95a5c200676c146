"""Compare an adapter's tensors with the names and shapes in the base's files, by PEFT's own rules.

Tested in tests/workspace/adapters/test_inspection.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from harness.errors import AdapterRefused
from harness.workspace.adapters.base_shape import BaseShape
from harness.workspace.adapters.config import ALL_LINEAR, AdapterConfig, ending, is_plain
from harness.workspace.adapters.files import WEIGHTS
from harness.workspace.formats.safetensors_header import Tensor

PREFIX = "base_model.model."
LORA = re.compile(r"base_model\.model\.(?P<module>.+)\.lora_(?P<half>[AB])\.weight")
_MAGNITUDE = re.compile(r"base_model\.model\.(?P<module>.+)\.lora_magnitude_vector")
_ENDS = (f"{PREFIX}model.embed_tokens.", f"{PREFIX}lm_head.")
_BLOCK = re.compile(r".*?\.[^.]*\.(?P<index>\d+)\.")
"""PEFT's own pattern for the number of a module's layer."""


class HeaderComparison:
    """A LoRA on the matrices of a base whose files have the model's own names."""

    def __init__(
        self,
        base: BaseShape,
        config: AdapterConfig,
        tensors: Mapping[str, Tensor],
        fail: Callable[[str], AdapterRefused],
    ) -> None:
        self.base, self.found, self.tensors, self.fail = base, config, tensors, fail

    def told_by_headers(self) -> bool:
        """Return whether names and shapes in the base's files decide what PEFT will load."""
        if not self.base.own_names or self.found.more or self.found.parameters:
            return False
        # Embeddings may be tied, saved whole, or have other rows: there PEFT's own word counts.
        odd = (name for name, tensor in self.tensors.items() if not self._in_headers(tensor))
        return not any(name.startswith(_ENDS) for name in odd)

    def _in_headers(self, tensor: Tensor) -> bool:
        match = LORA.fullmatch(tensor.name)
        if match:
            return self.base.linear(match["module"]) is not None
        return self._saved_whole(tensor)

    def compare(self) -> int:
        """Return how many modules the adapter changes; refuse what PEFT would load in part."""
        found: dict[str, set[str]] = {}
        for tensor in self.tensors.values():
            match = LORA.fullmatch(tensor.name)
            if match:
                self._check_shape(tensor, match["module"], match["half"])
                found.setdefault(match["module"], set()).add(match["half"])
            elif not self._magnitude(tensor) and not self._saved_whole(tensor):
                raise self.fail(f"the key {tensor.name[:120]} does not belong to the base")
        if self.found.dora:
            names = {match["module"] for t in self.tensors if (match := _MAGNITUDE.fullmatch(t))}
            for module in sorted(set(found) - names):
                raise self.fail(f"{module} has no lora_magnitude_vector, which `use_dora` needs")
        incomplete = [module for module, halves in found.items() if len(halves) == 1]
        if incomplete:
            raise self.fail(f"{incomplete[0]} has only one of its two LoRA tensors")
        targeted = self._targeted()
        dropped = sorted(set(found) - targeted)
        if dropped:
            raise self.fail(
                f"{dropped[0]} has tensors but `target_modules` leaves it out, PEFT would drop them"
            )
        missing = sorted(targeted - set(found))
        if missing:
            total = len(missing) + len(found)
            raise self.fail(
                f"{len(missing)} of {total} targeted modules have no tensors, such as {missing[0]}"
            )
        if not found:
            raise self.fail(f"{WEIGHTS} holds no LoRA tensor")
        return len(found)

    def _magnitude(self, tensor: Tensor) -> bool:
        match = _MAGNITUDE.fullmatch(tensor.name) if self.found.dora else None
        linear = self.base.linear(match["module"]) if match else None
        return linear is not None and tensor.shape == (linear[0],)

    def _check_shape(self, tensor: Tensor, module: str, half: str) -> None:
        linear = self.base.linear(module)
        if linear is None:
            raise self.fail(f"the key {tensor.name[:120]} does not belong to the base")
        # A projects the input down to the rank, B projects up to the output: the update is B @ A.
        rank = self._rank(module)
        wanted = (rank, linear[1]) if half == "A" else (linear[0], rank)
        if tensor.shape != wanted:
            raise self.fail(
                f"{tensor.name[:120]} has shape {list(tensor.shape)}, rank and base need"
                f" {list(wanted)}"
            )

    def _rank(self, module: str) -> int:
        # As PEFT does: the first entry wins, `^` anchors the whole name, otherwise the end counts.
        for pattern, rank in self.found.rank_pattern.items():
            if is_plain(pattern):
                name = pattern.removeprefix("^").replace("\\.", ".")
                if module == name or (pattern[0] != "^" and module.endswith(f".{name}")):
                    return rank
            elif re.fullmatch(ending(pattern), module):  # likewise
                return rank
        return self.found.r

    def _saved_whole(self, tensor: Tensor) -> bool:
        name = tensor.name.removeprefix(PREFIX)
        module = name.removesuffix(".weight").removesuffix(".bias")
        return _ends_in(module, self.found.saved) and self.base.tensors.get(name) == tensor.shape

    def _targeted(self) -> set[str]:
        """Return the modules that PEFT's own rules would wrap."""
        modules = sorted(
            name.removesuffix(".weight")
            for name, shape in self.base.tensors.items()
            if name.endswith(".weight") and len(shape) == 2
        )
        found = self._matching(modules, self.found.targets)
        found -= self._matching(modules, self.found.exclude)
        return {m for m in found if not _ends_in(m, self.found.saved) and self._in_layers(m)}

    def _matching(self, modules: list[str], names: tuple[str, ...] | str) -> set[str]:
        if names == ALL_LINEAR:
            return {module for module in modules if _BLOCK.match(module)}
        if isinstance(names, str):  # `inspection` has run it with a limit on time
            return set(filter(re.compile(names).fullmatch, modules))
        return {module for module in modules if _ends_in(module, names)}

    def _in_layers(self, module: str) -> bool:
        # PEFT applies `layers_to_transform` to a list of targets only, never to a pattern.
        if not self.found.layers or isinstance(self.found.targets, str):
            return True
        for name in self.found.layers_pattern or ("",):
            block = re.match(rf"(?:^|.*?\.){name}\.(?P<index>\d+)\.", module) if name else None
            block = block or (None if name else _BLOCK.match(module))
            if block:
                return int(block["index"]) in self.found.layers
        return False


def _ends_in(module: str, names: tuple[str, ...]) -> bool:
    """Return whether `names` has the module, or the last parts of its name."""
    parts = module.split(".")
    known = set(names)
    return any(".".join(parts[start:]) in known for start in range(len(parts)))
