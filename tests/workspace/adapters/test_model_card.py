"""The card gains the evaluation and loses nothing that a person wrote."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from harness.errors import AdapterRefused, WorldFailed
from harness.workspace.adapters.model_card import CARD, DATASET, Figure, card_text, write_card
from tests.fakes.adapters import TinyAdapter, TinyBase

LIKELY = Figure(
    "outreach", "f" * 64, "outreach", "ideal_likelihood", "ideal likelihood", 0.41234567
)
CLOSE = replace(LIKELY, metric="edit_similarity", title="edit similarity", value=0.7)
GUARD = replace(LIKELY, benchmark="general", fingerprint="9" * 64, task=None, value=0.9)
FIGURES = [LIKELY, CLOSE, GUARD]

WRITTEN = """\
---
# who to ask: Ana
language: no  # the country, not the word
license: apache-2.0
version: 1.10
tags:
- sales   # our own
# about the base
base_model: acme/base
model-index:
- name: ours
  results:
  - task: {type: text-generation}
    dataset: {name: A public set, type: acme/set, note: kept}
    metrics:
    - {type: bleu, value: 0.3, remark: kept}
- name: another
  results: []
# the end
---

# Openers

Written with --- care.

---
"""


@pytest.fixture
def adapter(tmp_path: Path, base: TinyBase) -> TinyAdapter:
    return TinyAdapter(tmp_path / "adapters", "adapter_v1", base).write()


def ours(text: str) -> dict[tuple[str, str], float]:
    """Our results, as the Hub's library reads them."""
    found = ModelCard(text).data.eval_results
    return {
        (one.dataset_name, one.metric_type): one.metric_value
        for one in found
        if one.dataset_type == DATASET
    }


def test_a_new_card_says_what_the_hub_wants_to_know() -> None:
    text = card_text(None, "adapter_v1", FIGURES, "acme/base")
    found = ModelCard(text).data
    assert (found.library_name, found.base_model) == ("peft", "acme/base")
    assert found.tags == ["lora", "lora-harness"]
    assert found.model_name == "adapter_v1"
    assert ours(text) == {
        ("outreach", "ideal_likelihood"): 0.412346,
        ("outreach", "edit_similarity"): 0.7,
        ("general", "ideal_likelihood"): 0.9,
    }
    assert {one.dataset_revision for one in found.eval_results} == {"f" * 64, "9" * 64}
    assert "# adapter_v1" in text


def test_without_a_hub_id_no_base_is_named() -> None:
    assert "base_model" not in card_text(None, "adapter_v1", FIGURES, None)


def test_every_line_that_a_person_wrote_stays_as_it_was() -> None:
    text = card_text(WRITTEN, "adapter_v1", FIGURES, "acme/other")
    for line in (
        "# who to ask: Ana",
        "language: no  # the country, not the word",
        "version: 1.10",
        "# about the base",
        "base_model: acme/base",
        "# the end",
    ):
        assert f"\n{line}\n" in text
    assert text.endswith(WRITTEN[WRITTEN.index("\n\n# Openers") :])
    assert "acme/other" not in text
    assert ModelCard(text).data.tags == ["sales", "lora", "lora-harness"]


def test_results_of_others_stay_with_every_field_of_theirs() -> None:
    text = card_text(WRITTEN, "adapter_v1", FIGURES, None)
    import yaml

    index = yaml.safe_load(text.split("---\n")[1])["model-index"]
    assert [one["name"] for one in index] == ["ours", "another"]
    assert index[0]["results"][0]["dataset"]["note"] == "kept"
    assert index[0]["results"][0]["metrics"][0]["remark"] == "kept"
    assert len(ours(text)) == 3


def test_writing_the_same_again_changes_nothing() -> None:
    for start in (None, WRITTEN, "# only a text\n"):
        once = card_text(start, "adapter_v1", FIGURES, "acme/base")
        assert card_text(once, "adapter_v1", FIGURES, "acme/base") == once


def test_a_new_evaluation_takes_the_old_one_s_place() -> None:
    once = card_text(WRITTEN, "adapter_v1", FIGURES, None)
    later = replace(LIKELY, fingerprint="1" * 64, value=0.5)
    assert ours(card_text(once, "adapter_v1", [later], None)) == {
        ("outreach", "ideal_likelihood"): 0.5
    }


@pytest.mark.parametrize("body", ["# Only a text\n", "", "no line feed", "--- not metadata\n"])
def test_a_card_without_metadata_gets_it_in_front(body: str) -> None:
    text = card_text(body, "adapter_v1", FIGURES, None)
    assert text.endswith(f"---\n{body}")
    assert len(ours(text)) == 3


def test_windows_line_ends_stay() -> None:
    text = card_text(WRITTEN.replace("\n", "\r\n"), "adapter_v1", FIGURES, None)
    assert "\n" not in text.replace("\r\n", "")
    assert len(ours(text)) == 3


# --- on disk ------------------------------------------------------------------------------------


def test_the_judged_bytes_are_the_same_before_and_after(adapter: TinyAdapter) -> None:
    before = adapter.files()
    write_card(before, FIGURES)
    assert adapter.files().digest == before.digest
    assert sorted(file.name for file in adapter.folder.iterdir()) == [
        CARD,
        "adapter_config.json",
        "adapter_model.safetensors",
        "training.json",
    ]


def test_it_is_as_readable_as_the_adapter(adapter: TinyAdapter) -> None:
    (adapter.folder / "adapter_config.json").chmod(0o644)
    assert stat.S_IMODE(write_card(adapter.files(), FIGURES).stat().st_mode) == 0o644


def test_an_unchanged_card_is_not_written_again(adapter: TinyAdapter) -> None:
    file = write_card(adapter.files(), FIGURES)
    before = file.stat().st_ino
    write_card(adapter.files(), FIGURES)
    assert file.stat().st_ino == before


def test_when_the_disk_is_full_the_old_card_is_still_there(
    adapter: TinyAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    (adapter.folder / CARD).write_text(WRITTEN, encoding="utf-8")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WorldFailed, match=r"README\.md: cannot be written .*No space"):
        write_card(adapter.files(), FIGURES)
    assert (adapter.folder / CARD).read_text(encoding="utf-8") == WRITTEN
    assert len([*adapter.folder.iterdir()]) == 4


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{here}: &{here} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, here in zip("abcdefgh", "bcdefghi", strict=True)
)

WRONG = {
    "no YAML": "a: b: c",
    "a tab": "a:\n\t- b",
    "a list": "- a\n- b",
    "a word": "word",
    "braces": "{a: b}",
    "a key twice": "a: 1\na: 2",
    "a foreign tag": "a: !!python/object/apply:os.system [ls]",
    "an alias bomb": BOMB,
    "deep": "a: " + "[" * 30_000,
    "long": "a: " + "b" * 40_000,
    "a strange index": "model-index: yes",
    "an index without results": "model-index:\n- name: x",
    "a control": "a: \x01",
}


@pytest.mark.parametrize("what", WRONG)
def test_metadata_that_cannot_be_kept_is_refused_in_one_line(
    what: str, adapter: TinyAdapter
) -> None:
    file = adapter.folder / CARD
    file.write_text(f"---\n{WRONG[what]}\n---\n# text\n", encoding="utf-8")
    before = file.read_bytes()
    with pytest.raises(AdapterRefused, match=r"README\.md") as caught:
        write_card(adapter.files(), FIGURES)
    assert "\n" not in str(caught.value)
    assert file.read_bytes() == before


def test_the_line_of_a_mistake_is_named(adapter: TinyAdapter) -> None:
    (adapter.folder / CARD).write_text("---\nlicense: mit\na: b: c\n---\n", encoding="utf-8")
    with pytest.raises(AdapterRefused, match=r"README\.md:3: its metadata is no YAML"):
        write_card(adapter.files(), FIGURES)


def test_a_card_that_is_a_pipe_is_refused_and_never_waited_for(adapter: TinyAdapter) -> None:
    os.mkfifo(adapter.folder / CARD)
    with pytest.raises(AdapterRefused, match="not a regular file"):
        write_card(adapter.files(), FIGURES)
