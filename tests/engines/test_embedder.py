import subprocess
import sys

import pytest

from harness.engines.embedder import Embedder
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
