"""Print the table of adapter kinds: what the doctor says, and whether judged equal to PEFT.

    python perf/kinds_adapters.py [--only NAME]

Tiny bases with random weights are made on the spot, and each adapter by PEFT itself. Every kind is
either judged as plain transformers + PEFT judge it in float32, or refused with a remedy. One line a
kind: texts that are equal, and the largest difference of a mean NLL.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

from harness.engines.local.device import Device
from harness.engines.local.engine import Transformers
from harness.engines.local.skeleton import Skeleton
from harness.engines.protocol import Mounted
from harness.errors import HarnessError
from harness.libraries import quiet_libraries
from harness.records import Generation, Message, Prompt
from harness.workspace.adapters.base_shape import base_shape
from harness.workspace.adapters.files import read_adapter, snapshot
from harness.workspace.adapters.inspection import inspect
from tests.fakes.llama import WORDS, TinyLlama

CPU = Device("cpu", "test", "float32")
EXACT = 1e-5
"""The largest difference of a mean NLL that counts as equal, in float32."""
PROMPTS = [f"w{n} w{n + 7} w{2 * n}" for n in range(6)]
IDEALS = [f"w{3 * n + 1} w{n} w9" for n in range(6)]
HOW = Generation(max_new_tokens=8, batch=4, dtype="float32")
ATTENTION = ("q_proj", "v_proj")
SMALL = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 512,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of adapter: the base, the settings of PEFT's LoraConfig, and what is done besides."""

    name: str
    config: dict[str, Any]
    base: str = "untied"
    new_tokens: int = 0
    """Tokens added to the tokenizer, which the adapter ships."""
    ships: bool = True
    save: dict[str, Any] = field(default_factory=dict)
    change: Callable[[Path], None] = lambda folder: None
    """What is done to the folder after PEFT has written it."""
    method: str = "LoraConfig"
    judged: bool = True
    """Whether it is to be judged; otherwise it is to be refused with a remedy."""


@dataclass(frozen=True, slots=True)
class KindRow:
    """A line of the table."""

    kind: str
    doctor: str
    equal: int
    """Texts equal to plain transformers + PEFT."""
    total: int
    difference: float | None
    """The largest difference of a mean NLL; None where it was refused."""
    right: bool
    """Whether it came out as it has to."""

    def __str__(self) -> str:
        judged = "refused"
        if self.difference is not None:
            judged = f"{self.equal} of {self.total} texts, NLL within {self.difference:.1e}"
        return f"{'ok ' if self.right else 'NO '} {self.kind:<38} {judged:<36} {self.doctor}"


def _edit(**values: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "adapter_config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | values))

    return change


def _old_experts(folder: Path) -> None:
    """Write an adapter on Mixtral's experts as PEFT did before transformers fused them."""
    import torch
    from safetensors.torch import save_file

    place = "base_model.model.model.layers.{}.block_sparse_moe.experts.{}.{}.lora_{}.weight"
    tensors = {}
    for layer in range(SMALL["num_hidden_layers"]):
        for expert in range(4):
            for name, (wide, tall) in {"w1": (32, 64), "w2": (64, 32), "w3": (32, 64)}.items():
                tensors[place.format(layer, expert, name, "A")] = torch.randn(4, wide) * 0.2
                tensors[place.format(layer, expert, name, "B")] = torch.randn(tall, 4) * 0.2
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    _edit(target_modules=["w1", "w2", "w3"], peft_version="0.17.1")(folder)


def _both(*names: str) -> dict[str, Any]:
    return {"target_modules": [*ATTENTION, *names]}


PLAIN = {"target_modules": list(ATTENTION)}
UNSLOTH = (
    r"(?:.*?(?:vision|image|visual|patch|language|text).*?(?:self_attn|attention|attn|mlp|ffn)"
    r".*?(?:k_proj|v_proj|q_proj|o_proj).*?)|(?:\bmodel\.layers\.[\d]{1,}\.(?:self_attn|attention"
    r"|attn|mlp|feed_forward|ffn|dense)\.(?:(?:k_proj|v_proj|q_proj|o_proj)))"
)
KINDS = (
    Kind("plain LoRA", PLAIN),
    Kind("no task_type, Unsloth's auto_mapping", PLAIN, change=_edit(
        task_type=None, auto_mapping={
            "base_model_class": "LlamaForCausalLM", "unsloth_fixed": True,
            "parent_library": "transformers.models.llama.modeling_llama"})),
    Kind("a key of a newer PEFT", PLAIN, change=_edit(use_something_new={"a": 1})),
    Kind("a pattern of targets (Unsloth's)", {"target_modules": UNSLOTH}),
    Kind("all-linear", {"target_modules": "all-linear"}),
    Kind("rsLoRA", PLAIN | {"use_rslora": True}),
    Kind("DoRA", PLAIN | {"use_dora": True}),
    Kind("DoRA on GPT-2", {"target_modules": ["c_attn"], "use_dora": True, "fan_in_fan_out": True},
         base="gpt2"),
    Kind("LoRA with bias of its own", PLAIN | {"lora_bias": True}),
    Kind("bias all", PLAIN | {"bias": "all"}, base="biased"),
    Kind("bias lora_only", PLAIN | {"bias": "lora_only"}, base="biased"),
    Kind("some layers", PLAIN | {"layers_to_transform": [1]}),
    Kind("ranks and alphas by pattern", PLAIN | {
        "rank_pattern": {r"layers\.[01]\.self_attn\.q_proj": 2},
        "alpha_pattern": {".*v_proj": 3, "^model.layers.0.self_attn.q_proj": 5}}),
    Kind("modules_to_save: lm_head", PLAIN | {"modules_to_save": ["lm_head"]}),
    Kind("modules_to_save: both embeddings",
         PLAIN | {"modules_to_save": ["embed_tokens", "lm_head"]}),
    Kind("modules_to_save: embeddings, tied", PLAIN | {"modules_to_save": ["embed_tokens"]},
         base="tied"),
    Kind("LoRA on embed_tokens and lm_head", _both("embed_tokens", "lm_head"),
         save={"save_embedding_layers": False}),
    Kind("LoRA on both, embeddings saved", _both("embed_tokens", "lm_head"),
         save={"save_embedding_layers": True}),
    Kind("LoRA on embed_tokens, tied", _both("embed_tokens"), base="tied",
         save={"save_embedding_layers": False}),
    Kind("LoRA on lm_head, tied", _both("lm_head"), base="tied",
         save={"save_embedding_layers": False}),
    Kind("weight tying ensured", _both("embed_tokens", "lm_head") | {"ensure_weight_tying": True},
         base="tied", save={"save_embedding_layers": False}),
    Kind("trainable tokens", PLAIN | {"trainable_token_indices": [3, 9]}),
    Kind("trainable tokens, tied", PLAIN | {"trainable_token_indices": [3, 9]}, base="tied"),
    Kind("8 new tokens, embeddings saved", PLAIN, new_tokens=8,
         save={"save_embedding_layers": True}),
    Kind("8 new tokens, modules_to_save", PLAIN | {"modules_to_save": ["embed_tokens", "lm_head"]},
         new_tokens=8),
    Kind("8 new tokens, tied", PLAIN, new_tokens=8, base="tied",
         save={"save_embedding_layers": True}),
    Kind("8 new tokens as trainable, tied",
         PLAIN | {"trainable_token_indices": [*range(66, 74)]}, new_tokens=8, base="tied"),
    Kind("8 new tokens without the tokenizer", PLAIN, new_tokens=8, ships=False,
         save={"save_embedding_layers": True}, judged=False),
    Kind("8 new tokens, half of the embeddings", PLAIN | {"modules_to_save": ["embed_tokens"]},
         new_tokens=8, save={"save_embedding_layers": False}, judged=False),
    Kind("experts (target_parameters)", PLAIN | {
        "target_parameters": ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]},
         base="mixtral"),
    Kind("attention of a base with experts", PLAIN, base="mixtral"),
    Kind("GPT-2", {"target_modules": ["c_attn", "c_proj"], "fan_in_fan_out": True}, base="gpt2"),
    Kind("GPT-2, the Hub's names", {"target_modules": ["c_attn"], "fan_in_fan_out": True},
         base="gpt2 hub"),
    Kind("Gemma 3, multimodal", {"target_modules": r".*language_model.*\.(q|v)_proj"},
         base="gemma3"),
    Kind("EVA's start", PLAIN, change=_edit(init_lora_weights="eva", eva_config={"rho": 2.0})),
    Kind("PiSSA, converted", PLAIN | {"init_lora_weights": "pissa"},
         save={"path_initial_model_for_weight_conversion": True}),
    Kind("PiSSA, unconverted", PLAIN | {"init_lora_weights": "pissa"}),
    Kind("OLoRA, unconverted", PLAIN | {"init_lora_weights": "olora"}),
    Kind("LoftQ, as its script saves it", PLAIN, change=_edit(
        init_lora_weights=True, loftq_config={"loftq_bits": 4, "loftq_iter": 1})),
    Kind("LoftQ, its start to be repeated", PLAIN, change=_edit(
        init_lora_weights="loftq", loftq_config={"loftq_bits": 4, "loftq_iter": 1}),
         judged=False),
    Kind("experts by transformers 4's names", PLAIN, base="mixtral", change=_old_experts),
    Kind("PiSSA, a start by chance", PLAIN, change=_edit(init_lora_weights="pissa_niter_4"),
         judged=False),
    Kind("CorDA, unconverted", PLAIN, change=_edit(init_lora_weights="corda"), judged=False),
    Kind("layers copied", PLAIN, change=_edit(layer_replication=[[0, 2], [0, 2]]), judged=False),
    Kind("aLoRA", PLAIN, change=_edit(alora_invocation_tokens=[3]), judged=False),
    Kind("LoHa", PLAIN, method="LoHaConfig", judged=False),
    Kind("LoKr", PLAIN, method="LoKrConfig", judged=False),
    Kind("IA3", PLAIN | {"feedforward_modules": []}, method="IA3Config", judged=False),
)  # fmt: skip


def rows(only: str = "") -> Iterator[KindRow]:
    """Yield a line for every kind, made, examined, judged and compared."""
    quiet_libraries()
    warnings.simplefilter("ignore")
    place = Path(tempfile.mkdtemp(prefix="kinds-"))
    try:
        for kind in KINDS:
            if only in kind.name:
                yield row(kind, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def row(kind: Kind, place: Path) -> KindRow:
    """Return the line of a kind; its base is made in `place` when it is not there yet."""
    base = made_base(kind.base, place)
    name = "".join(c if c.isalnum() else "_" for c in kind.name.lower())[:60].strip("_")
    folder = place / "adapters" / name
    make_adapter(kind, base, folder, place)
    files = read_adapter(place / "adapters", name)
    checks = list(inspect(files, base_shape(base, f"{kind.base}"), Skeleton(lambda: base)))
    last = checks[-1]
    if not last.ok:
        return KindRow(kind.name, last.message, 0, len(PROMPTS), None, not kind.judged)
    mounted = Mounted(name, files.digest, snapshot(files, place / "copies" / name))
    engine = Transformers(lambda: base, CPU)
    try:
        ours = judged(engine, mounted)
        plain = judged(engine, Mounted("base", "", None))
    except HarnessError as problem:
        return KindRow(kind.name, str(problem), 0, len(PROMPTS), None, False)
    theirs, untouched = reference(base, folder), reference(base, None)
    equal = sum(a == b for a, b in zip(ours[0], theirs[0], strict=True))
    off = max(abs(a - b) for a, b in zip(ours[1], theirs[1], strict=True))
    # The base must be itself again after the adapter.
    back = max(abs(a - b) for a, b in zip(plain[1], untouched[1], strict=True))
    right = kind.judged and equal == len(PROMPTS) and max(off, back) <= EXACT
    said = next(check.message for check in checks if check.name == "keys")
    return KindRow(kind.name, said, equal, len(PROMPTS), max(off, back), right)


def made_base(kind: str, place: Path) -> Path:
    """Return the folder of a tiny random base with a tokenizer of words."""
    folder = place / "bases" / kind.replace(" ", "_")
    if folder.is_dir():
        return folder
    if kind in ("untied", "tied", "biased", "mixtral"):
        more = {"tie_word_embeddings": kind == "tied"}
        if kind == "mixtral":
            more |= {"num_local_experts": 4, "num_experts_per_tok": 2}
        if kind == "biased":
            more |= {"attention_bias": True}
        family = "mixtral" if kind == "mixtral" else "llama"
        made = TinyLlama(folder, template=None, kind=family, **more)
        if kind == "biased":
            _shake_biases(made.model)
            made.model.save_pretrained(folder)
        return folder
    return _other_base(kind, folder, place)


def _shake_biases(model: Any) -> None:
    import torch

    for name, value in model.named_parameters():
        if name.endswith(".bias"):
            value.data = torch.randn_like(value) * 0.1


def _other_base(kind: str, folder: Path, place: Path) -> Path:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    words = made_base("untied", place)
    tokenizer: Any = AutoTokenizer.from_pretrained(words)
    ids = {"bos_token_id": None, "eos_token_id": 2, "pad_token_id": 0}
    size: dict[str, Any] = {"vocab_size": len(tokenizer), "initializer_range": 0.3}
    torch.manual_seed(7)
    if kind.startswith("gpt2"):
        config = AutoConfig.for_model("gpt2", n_embd=32, n_layer=2, n_head=4, **size, **ids)
    else:
        vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1,
                  "num_attention_heads": 2, "image_size": 32, "patch_size": 16}  # fmt: skip
        text = SMALL | size | ids | {"sliding_window": 64}
        config = AutoConfig.for_model(
            "gemma3", text_config=text, vision_config=vision, mm_tokens_per_image=4, **ids
        )
    model: Any = AutoModelForCausalLM.from_config(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if kind == "gpt2 hub":
        _rename(folder / "model.safetensors", "transformer.")
    return folder


def _rename(file: Path, prefix: str) -> None:
    """Take the prefix off all names, as in the files that the Hub has of GPT-2."""
    from safetensors.torch import load_file, save_file

    tensors = {name.removeprefix(prefix): value for name, value in load_file(file).items()}
    save_file(tensors, file, metadata={"format": "pt"})


def make_adapter(kind: Kind, base: Path, folder: Path, place: Path) -> None:
    """Train nothing, but give every value of the adapter that PEFT makes another one, and save."""
    import peft
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    tokenizer: Any = AutoTokenizer.from_pretrained(base)
    if kind.new_tokens:
        tokenizer.add_tokens([f"new{n}" for n in range(kind.new_tokens)])
        model.resize_token_embeddings(len(tokenizer))
    settings = dict(kind.config)
    if kind.method == "LoraConfig":
        settings = {"r": 4, "lora_alpha": 8} | settings
    config = getattr(peft, kind.method)(task_type="CAUSAL_LM", **settings)
    torch.manual_seed(11)
    wrapped = peft.get_peft_model(model, config)
    save = dict(kind.save)
    if save.get("path_initial_model_for_weight_conversion"):
        start = place / "starts" / folder.name
        wrapped.save_pretrained(start)
        save["path_initial_model_for_weight_conversion"] = str(start)
    for name, value in wrapped.named_parameters():
        trained = value.requires_grad or (kind.new_tokens and "embed_tokens" in name)
        if trained:
            value.data = value.data + torch.randn_like(value) * 0.2
    wrapped.save_pretrained(folder, **save)
    if kind.new_tokens and kind.ships:
        tokenizer.save_pretrained(folder)
    kind.change(folder)


def judged(engine: Transformers, adapter: Mounted) -> tuple[list[str], list[float]]:
    """Return texts and NLLs as the harness makes them."""
    asked = [
        Prompt(str(n), (Message("user", text),), (ideal,))
        for n, (text, ideal) in enumerate(zip(PROMPTS, IDEALS, strict=True))
    ]
    texts = {o.case: o.text for some in engine.generate(adapter, asked, HOW) for o in some}
    nlls = {w.case: w.nll for some in engine.likelihood(adapter, asked, HOW) for w in some}
    order = [prompt.case for prompt in asked]
    return [texts[case] for case in order], [float(nlls[case] or 0.0) for case in order]


def reference(base: Path, adapter: Path | None) -> tuple[list[str], list[float]]:
    """Return texts and NLLs of plain transformers + PEFT, one prompt at a time."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(base)
    model: Any = AutoModelForCausalLM.from_pretrained(
        base, dtype=torch.float32, attn_implementation="eager"
    )
    if adapter is not None:
        if (adapter / "tokenizer.json").is_file():
            model.resize_token_embeddings(len(AutoTokenizer.from_pretrained(adapter)))
        model = PeftModel.from_pretrained(model, str(adapter))
    model.eval()
    texts, nlls = [], []
    end = tokenizer.eos_token_id
    for prompt, ideal in zip(PROMPTS, IDEALS, strict=True):
        ids = tokenizer(prompt + "\n", return_tensors="pt").input_ids
        tail = torch.tensor([[*tokenizer(ideal, add_special_tokens=False).input_ids, end]])
        with torch.inference_mode():
            written = model.generate(
                input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False,
                max_new_tokens=HOW.max_new_tokens, eos_token_id=end, pad_token_id=0,
            )[0, ids.shape[1] :]  # fmt: skip
            logits = model(input_ids=torch.cat([ids, tail], dim=1)).logits[
                0, -tail.shape[1] - 1 : -1
            ]
            losses = torch.nn.functional.cross_entropy(logits, tail[0], reduction="none")
        texts.append(tokenizer.decode(written, skip_special_tokens=True).strip())
        nlls.append(float(losses.double().mean()))
    return texts, nlls


def main() -> int:
    """Print the table; 1 if a kind came out otherwise than it has to."""
    assert len(WORDS) == 60
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="kinds whose name has this in it")
    wrong = 0
    for line in rows(parser.parse_args().only):
        print(line, flush=True)
        wrong += not line.right
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
