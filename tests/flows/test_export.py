"""An export is written whole, read back, and put in its folder at once, or not at all."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from harness.errors import AdapterRefused, EngineFailed, RequestError
from harness.flows import export as flow
from tests.fakes.deployed import DeployedProject
from tests.fakes.refusals import refused

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))


@pytest.mark.long
def test_a_merge_is_a_folder_that_transformers_loads(
    deployed: DeployedProject, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    made = deployed.exported("v1", tmp_path / "deep" / "merged")
    assert (made.kind, made.form, made.template, made.notes) == ("merged", "bfloat16", "base", ())
    model = AutoModelForCausalLM.from_pretrained(made.folder)
    assert str(model.dtype) == "torch.bfloat16"
    tokenizer = AutoTokenizer.from_pretrained(made.folder)
    assert (
        tokenizer.chat_template
        == AutoTokenizer.from_pretrained(deployed.folder / "base").chat_template
    )
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["merged"], "nothing is left"
    note = json.loads((made.folder / "export.json").read_text())
    assert note["adapter"] == {"name": "v1", "digest": made.digest}
    assert str(tmp_path) not in json.dumps(note)


@pytest.mark.long
def test_equal_exports_have_equal_digests(deployed: DeployedProject, tmp_path: Path) -> None:
    first = deployed.exported("v1", tmp_path / "one")
    again = deployed.exported("v1", tmp_path / "two")
    assert first.files_digest == again.files_digest


@pytest.mark.long
@pytest.mark.skipif(find_spec("gguf") is None, reason="the extra `gguf` is not installed")
def test_a_gguf_is_one_file_with_the_type_that_was_asked_for(
    deployed: DeployedProject, tmp_path: Path
) -> None:
    made = deployed.exported("v1", tmp_path / "out", "gguf", dtype="q8_0")
    assert made.files == ("export.json", "v1.q8_0.gguf")
    assert made.form == "GGUF Q8_0"


@pytest.mark.slow
@pytest.mark.skipif(find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed")
def test_nf4_is_merged_first_and_quantised_then(deployed: DeployedProject, tmp_path: Path) -> None:
    made = deployed.exported("v1", tmp_path / "out", "nf4")
    assert made.form == "nf4"
    assert "quantization_config" in json.loads((made.folder / "config.json").read_text())


@pytest.mark.long
def test_the_adapters_own_template_goes_with_it_where_that_is_chosen(
    deployed: DeployedProject, tmp_path: Path
) -> None:
    own = "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}</s>{% endfor %}"
    folder = deployed.altered("v1", "own")
    try:
        (folder / "chat_template.jinja").write_text(own)
        with refused("its own chat template .*say which counts", AdapterRefused):
            deployed.exported("own", tmp_path / "unchosen")
        made = deployed.exported("own", tmp_path / "chosen", template="adapter")
        assert (made.folder / "chat_template.jinja").read_text() == own
    finally:
        shutil.rmtree(folder)


@pytest.mark.long
def test_other_files_are_never_overwritten(deployed: DeployedProject, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("years of work")
    for replace in (False, True):
        with refused("holds other files than an export's", RequestError):
            deployed.exported("v1", tmp_path / "full", replace=replace)
    deployed.exported("v1", tmp_path / "out")
    with refused("holds an export already, .*--replace", RequestError):
        deployed.exported("v1", tmp_path / "out")
    assert deployed.exported("double", tmp_path / "out", replace=True).adapter == "double"


@pytest.mark.long
def test_an_export_that_is_not_the_adapter_does_not_get_its_name(
    deployed: DeployedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ("the adapter is missing in 1 of 14 tensors (such as a)",)
    monkeypatch.setattr(flow, "weight_faults", lambda *_: said)
    with refused("what was written is not the adapter: the adapter is missing", EngineFailed, 11):
        deployed.exported("v1", tmp_path / "out")
    assert list(tmp_path.glob("*out*")) == []


def test_wrong_requests_are_one_line(deployed: DeployedProject, tmp_path: Path) -> None:
    with refused("--to merged writes bfloat16, float16, float32, not q8_0", RequestError):
        deployed.exported("v1", tmp_path / "out", dtype="q8_0")
    with refused("base is the base model itself", RequestError):
        deployed.exported("base", tmp_path / "out")
    with refused("v9: no such adapter", AdapterRefused):
        deployed.exported("v9", tmp_path / "out")
    (tmp_path / "file").write_text("")
    with refused("is a file, name a folder", RequestError):
        deployed.exported("v1", tmp_path / "file")
