"""The shipped base in nf4: a QLoRA by plain PEFT writes here what it writes there."""

from __future__ import annotations

from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import pytest

from harness.engines.local.device import Device
from harness.engines.local.engine import Transformers
from harness.engines.local.quantized import bitsandbytes_config
from harness.engines.protocol import Mounted
from harness.flows.evaluation.work import prompts_for
from harness.flows.project import Project
from harness.records import Generation
from harness.workspace.base.gguf import model_folder
from tests.fakes.plain import plain
from tests.flows.evaluation.test_quantized_base import train_qlora

from .conftest import ROOT

pytestmark = [
    pytest.mark.real,
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed"),
]
HOW = Generation(max_new_tokens=12, dtype="float32")


def test_texts_and_likelihoods_are_those_of_plain_peft_and_bitsandbytes(tmp_path: Path) -> None:
    import torch

    project = Project.here(ROOT)
    benchmark = project.benchmark("outreach")
    base, adapter = model_folder(project.base), tmp_path / "lora"
    train_qlora(base, adapter, project, 3, "outreach", "<|im_end|>")
    prompts = [p for case in benchmark.cases[:3] for p in prompts_for(benchmark, case, "lora")]
    wanted = plain(
        base,
        adapter,
        [([asdict(turn) for turn in p.messages], p.ideals[0]) for p in prompts],
        "<|im_end|>",
        HOW.max_new_tokens,
        quantization_config=bitsandbytes_config("nf4", "float32"),
        attn_implementation=None,
    )
    engine = Transformers(lambda: base, Device("cpu", "float32", "test"), quantize="nf4")
    mounted = Mounted("lora", "lora", adapter)
    written = {o.case: o.text for some in engine.generate(mounted, prompts, HOW) for o in some}
    assert [written[p.case] for p in prompts] == [text for text, _ in wanted]
    weighed = [w for some in engine.likelihood(mounted, prompts, HOW) for w in some]
    nlls = {w.case: w.nll for w in weighed if w.ideal == 0}
    # bitsandbytes adds up otherwise on a processor with AVX2 alone: 1.4e-5 was seen there
    near = 1e-5 if torch.ops.mkldnn._is_mkldnn_bf16_supported() else 2e-5
    assert [nlls[p.case] for p in prompts] == pytest.approx([n for _, n in wanted], abs=near)
