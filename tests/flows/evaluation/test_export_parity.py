"""An export is judged against its own adapter, and what is wrong with it stands in the verdict."""

from __future__ import annotations

import json
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from harness.errors import AdapterRefused, RequestError
from harness.flows.decisions.attest import attest
from harness.flows.decisions.decide import look
from harness.flows.history import export_history, import_history
from harness.flows.rejudge import judged_again
from harness.flows.store import open_store
from harness.store import Store
from tests.fakes.deployed import DeployedProject
from tests.fakes.refusals import refused

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))


def told(notes: tuple[str, ...]) -> list[str]:
    """Return what is wrong with an export; the first sentence only says what it is."""
    whole = [note.removeprefix("export: ") for note in notes if note.startswith("export: ")]
    return whole[1:]


@pytest.mark.long
def test_a_faithful_merge_promotes_and_the_record_says_what_was_judged(
    deployed: DeployedProject, tmp_path: Path
) -> None:
    made = deployed.exported("v1", tmp_path / "merged")
    verdict = deployed.judged("v1", tmp_path / "merged")
    assert (verdict.outcome, verdict.candidate, verdict.promoted) == (
        "promote", "v1+merged", "v1",
    )  # fmt: skip
    assert told(verdict.notes) == []
    assert (
        f"export: v1+merged is v1 ({made.digest[:12]}) in bfloat16, its files are"
        f" {made.files_digest[:12]}"
    ) in verdict.notes
    with closing(open_store(deployed.project, None)) as store:
        run = store.runs.by_id(verdict.runs["candidate"])
        assert run is not None and run.digests["adapter"] == made.files_digest
        assert run.origin["export"] == {"of": "v1", "adapter": made.digest, "form": "bfloat16"}
        assert judged_again(store, verdict).same
        # An export waits for no decision: its adapter's verdict is what allows one.
        assert "v1+merged" not in [one.candidate for one in store.trends.judged("openers", 9)]
        with refused("v1.merged is an export of v1; a statement is about", RequestError):
            attest(deployed.project, store, verdict.runs["candidate"])
        history = tmp_path / "history.jsonl"
        history.write_text("".join(f"{line}\n" for line in export_history(store)))
    with closing(Store(f"sqlite:///{tmp_path}/other.db", tmp_path)) as other:
        import_history(other, history)
        assert other.runs.by_id(verdict.runs["candidate"]) is not None
    with refused("v1.merged is an export of v1; decisions are about v1", RequestError):
        look(deployed.project, "v1+merged")


@pytest.mark.long
def test_doubled_alpha_is_rejected_and_named(deployed: DeployedProject, tmp_path: Path) -> None:
    deployed.exported("double", tmp_path / "doubled")
    verdict = deployed.judged("v1", tmp_path / "doubled")
    assert verdict.outcome == "reject"
    by_note, by_weights = told(verdict.notes)
    assert by_note.startswith("its export.json says that it was made of double")
    assert by_weights == (
        "the adapter is merged at 2.00 times its strength, as if lora_alpha were 32 and not 16"
    )


@pytest.mark.long
def test_another_template_is_rejected_and_named(deployed: DeployedProject, tmp_path: Path) -> None:
    deployed.exported("v1", tmp_path / "out")
    (tmp_path / "out" / "chat_template.jinja").write_text(
        "{% for m in messages %}### {{ m['role'] }}:\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}### answer:\n{% endif %}"
    )
    verdict = deployed.judged("v1", tmp_path / "out")
    assert verdict.outcome == "reject"
    written, ended = told(verdict.notes)
    assert written == (
        "its own chat template writes 12 of 12 prompts of openers differently than v1 has them"
    )
    assert ended == "its own chat template ends an answer with `<|im_end|>`, not with `</s>`"


@pytest.mark.long
def test_a_merge_without_the_adapter_is_rejected_and_named(
    deployed: DeployedProject, tmp_path: Path
) -> None:
    """As a script does that saves the base by mistake; nothing says which tool made it."""
    import shutil

    shutil.copytree(deployed.folder / "base", tmp_path / "bare")
    verdict = deployed.judged("v1", tmp_path / "bare")
    assert verdict.outcome == "reject"
    assert told(verdict.notes) == ["the adapter is not in it, its weights are those of the base"]


@pytest.mark.long
def test_a_merge_into_four_bits_is_named_by_its_rounding(
    deployed: DeployedProject, tmp_path: Path
) -> None:
    """What the adapter adds is rounded to the steps of the base's own 4 bits, and mostly lost."""
    pytest.importorskip("gguf", reason="the extra `gguf` is not installed")
    deployed.adapter("faint", steps=2)
    deployed.exported("faint", tmp_path / "rounded", "gguf", dtype="q4_0")
    found = told(deployed.judged("faint", tmp_path / "rounded").notes)
    assert any("rounding changed its weights" in fault for fault in found)


@pytest.mark.long
def test_an_export_that_lacks_its_head_is_refused(
    deployed: DeployedProject, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    deployed.exported("v1", tmp_path / "out")
    file = tmp_path / "out" / "model.safetensors"
    tensors: dict[str, Any] = load_file(file)
    del tensors["lm_head.weight"]
    save_file(tensors, file, {"format": "pt"})
    with refused("missing, such as lm_head.weight", AdapterRefused):
        deployed.judged("v1", tmp_path / "out")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed")
def test_nf4_is_judged_as_it_is_loaded(deployed: DeployedProject, tmp_path: Path) -> None:
    deployed.exported("v1", tmp_path / "four", "nf4")
    verdict = deployed.judged("v1", tmp_path / "four")
    assert verdict.candidate == "v1+four"
    with closing(open_store(deployed.project, None)) as store:
        run = store.runs.by_id(verdict.runs["candidate"])
    assert run is not None and run.origin["quantized"] == "nf4"


def test_only_where_files_are_loaded_is_an_export_judged(
    deployed: DeployedProject, tmp_path: Path
) -> None:
    recorded = deployed.folder / "recorded" / "v1"
    recorded.mkdir(parents=True)
    cases = deployed.project.benchmark("openers").cases
    lines = [{"case": case.id, "output": "a"} for case in cases]
    (recorded / "openers.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
    with refused("judged where they are loaded: --engine transformers or ray", RequestError):
        deployed.judged("v1", tmp_path, engine="recorded")


def test_it_is_compared_with_its_own_adapter_only(
    deployed: DeployedProject, tmp_path: Path
) -> None:
    with refused("an export of v1 is compared with v1 itself, not with double", RequestError):
        deployed.judged("v1", tmp_path, against="double")
