"""Kinds of adapters are judged as plain transformers + PEFT judge them, or refused with a remedy.

`make kinds` has them all; here is one of each way in which they are loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.engines.local.adapters import changes_base
from harness.engines.local.engine import Transformers
from harness.engines.local.vocabulary import tokenizer_size
from harness.engines.protocol import Mounted
from harness.errors import EngineFailed
from perf.kinds_adapters import CPU, KINDS, judged, made_base, make_adapter, row
from tests.fakes.refusals import refused

BY_NAME = {kind.name: kind for kind in KINDS}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Bases are shared; the cache is the test's own, so that every kind is really loaded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LORA_HARNESS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield tmp_path_factory.mktemp("kinds")


@pytest.mark.long
@pytest.mark.parametrize(
    "name",
    [
        "DoRA",
        "bias all",
        "modules_to_save: both embeddings",
        "LoRA on both, embeddings saved",
        "LoRA on embed_tokens, tied",
        "trainable tokens, tied",
        "8 new tokens, modules_to_save",
        "PiSSA, unconverted",
        "experts (target_parameters)",
        "experts by transformers 4's names",
        "GPT-2, the Hub's names",
        "Gemma 3, multimodal",
    ],
)
def test_a_kind_is_judged_as_peft_judges_it(place: Path, name: str) -> None:
    found = row(BY_NAME[name], place)
    assert found.right, str(found)
    assert found.difference is not None and found.equal == found.total


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("8 new tokens without the tokenizer", "8 tokens more than the base (74, not 66): ship"),
        ("8 new tokens, half of the embeddings", "save it with `save_embedding_layers=True`"),
        ("LoftQ, its start to be repeated", "judge it there, or save base and adapter as LoftQ's"),
        ("LoHa", "`save_as_lora` makes a LoRA"),
    ],
)
def test_a_kind_that_cannot_be_judged_is_refused_with_a_remedy(
    place: Path, name: str, remedy: str
) -> None:
    found = row(BY_NAME[name], place)
    assert found.difference is None and remedy in found.doctor


@pytest.mark.long
def test_after_an_adapter_that_changes_the_base_all_others_see_the_base_as_it_was(
    place: Path,
) -> None:
    """Biases, embeddings and PiSSA's start are written into the base when PEFT loads them."""
    base = made_base("untied", place)
    adapters = {}
    for name in ("plain LoRA", "PiSSA, unconverted", "8 new tokens, embeddings saved"):
        folder = place / "several" / str(len(adapters))
        make_adapter(BY_NAME[name], base, folder, place)
        adapters[name] = Mounted(name, name, folder)
    order = [None, "PiSSA, unconverted", None, "plain LoRA", "8 new tokens, embeddings saved",
             "PiSSA, unconverted", "plain LoRA", None]  # fmt: skip
    engine = Transformers(lambda: base, CPU)
    nlls: dict[str | None, list[list[float]]] = {}
    for name in order:
        mounted = adapters[name] if name else Mounted("base", "", None)
        nlls.setdefault(name, []).append(judged(engine, mounted)[1])
    for name, found in nlls.items():
        for again in found[1:]:
            assert again == pytest.approx(found[0], abs=1e-5), name
    assert changes_base(adapters["PiSSA, unconverted"].folder)  # type: ignore[arg-type]  # not None
    assert not changes_base(adapters["plain LoRA"].folder)  # type: ignore[arg-type]  # not None


def test_tensors_that_peft_would_leave_out_are_refused_when_it_is_mounted(place: Path) -> None:
    from safetensors.torch import load_file, save_file

    base, folder = made_base("untied", place), place / "more"
    make_adapter(BY_NAME["modules_to_save: lm_head"], base, folder, place)
    weights = folder / "adapter_model.safetensors"
    tensors = load_file(weights)
    tensors["base_model.model.model.norm.extra"] = tensors["base_model.model.lm_head.weight"][:1]
    save_file({name: value.clone() for name, value in tensors.items()}, weights)
    engine = Transformers(lambda: base, CPU)
    with refused("1 unexpected adapter keys, such as .*norm.extra", EngineFailed, code=11):
        judged(engine, Mounted("more", "more", folder))


def test_a_tokenizers_size_is_that_of_its_file(place: Path) -> None:
    assert tokenizer_size(made_base("untied", place)) == 66
    assert tokenizer_size(place) is None
