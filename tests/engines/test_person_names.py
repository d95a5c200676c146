"""People's names by a local model: a tiny real one, which takes every capital letter's word."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import WeightsError
from harness.flows.training.check_data import DataCheckRequest, check_data
from tests.fakes.project import TinyProject
from tests.fakes.refusals import refused

pytestmark = pytest.mark.slow

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "call", "Ana", "now", "Ben", "."]


def model(folder: Path, person: str = "PER") -> Path:
    """A BERT whose only memory is which words are names."""
    import torch
    from transformers import BertConfig, BertForTokenClassification, BertTokenizerFast

    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    BertTokenizerFast(str(folder / "vocab.txt"), do_lower_case=False).save_pretrained(folder)
    labels = ("O", f"B-{person}")
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=len(WORDS), num_hidden_layers=0, num_attention_heads=1,
        intermediate_size=4, id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
    )  # fmt: skip
    made = BertForTokenClassification(config)
    with torch.no_grad():
        embedded = made.bert.embeddings
        embedded.word_embeddings.weight.copy_(torch.eye(len(WORDS)))
        embedded.position_embeddings.weight.zero_()
        embedded.token_type_embeddings.weight.zero_()
        made.classifier.weight.zero_()
        made.classifier.bias.zero_()
        for word in ("Ana", "Ben"):
            made.classifier.weight[1, WORDS.index(word)] = 9.0
        made.classifier.bias[0] = 5.0
    made.save_pretrained(folder)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> TinyProject:
    return TinyProject(tmp_path / "project")


def test_names_are_found_only_when_asked_and_not_spelled_out(project: TinyProject) -> None:
    model(project.folder / "ner")
    rows = [{"input": "call now .", "output": "now ."}, {"input": "call Ana", "output": "Ben ."}]
    file = project.write_lines("set.jsonl", rows)
    assert not [
        f
        for f in check_data(project.project, file, DataCheckRequest()).findings
        if "name" in f.message
    ]
    found = check_data(project.project, file, DataCheckRequest(names="ner")).findings
    assert [(f.line, f.message) for f in found if f.kind == "personal_data"] == [
        (2, "a person's name in the input: A…"),
        (2, "a person's name in the output: B…"),
    ]


def test_a_model_that_cannot_do_it_is_refused(project: TinyProject) -> None:
    file = project.write_lines("set.jsonl", [{"input": "a", "output": "b"}])
    model(project.folder / "places", person="LOC")
    with refused("places: knows no people", WeightsError):
        check_data(project.project, file, DataCheckRequest(names="places"))
    with refused("nosuch: no such file or folder", WeightsError):
        check_data(project.project, file, DataCheckRequest(names="./nosuch"))
