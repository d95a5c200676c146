"""Train a LoRA adapter with TRL's SFT trainer: loss on the completion only, seeded, resumable.

It works in a given folder and leaves a finished adapter folder there.

Tested in tests/flows/training/test_train.py.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from harness.engines.local.prompts import prompt_ids
from harness.engines.local.quantized import loading
from harness.errors import EngineFailed, HarnessError, reason
from harness.libraries import quiet_libraries
from harness.records import Chat, Message

if TYPE_CHECKING:
    from peft import LoraConfig, PeftModel
    from transformers import (
        PreTrainedModel,
        TrainerCallback,
        TrainerControl,
        TrainerState,
        TrainingArguments,
    )
    from trl import SFTTrainer

    from harness.engines.local.models import Tokenizer

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recipe:
    """The hyper-parameters of a training."""

    rank: int = 8
    alpha: int = 16
    dropout: float = 0.0
    targets: str = "all-linear"
    """`all-linear`, or module names separated by commas."""
    epochs: float = 3.0
    learning_rate: float = 5e-4
    batch: int = 8
    warmup: float = 0.1
    """Share of the steps over which the learning rate rises; it falls along a cosine afterwards."""
    weight_decay: float = 0.0
    max_length: int = 1024
    seed: int = 0
    dtype: str = "bfloat16"
    """The type of the saved weights; the training itself runs in float32 on a CPU."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """An example: the given turns and the completion to learn."""

    messages: tuple[Message, ...]
    completion: str
    chat: Chat = field(default_factory=Chat)
    """The template that the benchmark judges with; by default the base's own."""


OnStep = Callable[[int, int, float | None], None]
"""Called with the step, the number of steps, and the loss if it was logged."""


def train_lora(
    base: Path,
    lessons: Sequence[Lesson],
    recipe: Recipe,
    work: Path,
    parent: Path | None,
    on_step: OnStep,
    quantize: str = "",
) -> list[float]:
    """Train into `work/adapter`, resuming an interrupted run; return the logged losses.

    `quantize`: nf4 or int8 trains on a base that is made so when it is loaded, which is QLoRA.
    """
    try:
        quiet_libraries()
        from transformers import set_seed
        from transformers.trainer_callback import PrinterCallback

        set_seed(recipe.seed)
        trainer = _trainer(base, lessons, recipe, work, parent, quantize)
        trainer.add_callback(_reporter(on_step))
        trainer.remove_callback(PrinterCallback)
        checkpoint = _last_checkpoint(work)
        if checkpoint:
            _log.info("%s: goes on from %s", base, checkpoint)
        trainer.train(resume_from_checkpoint=checkpoint)
        losses = [float(row["loss"]) for row in trainer.state.log_history if "loss" in row]
        if not all(isfinite(loss) for loss in losses):
            raise EngineFailed(
                "training diverged (the loss is not a number), try a lower learning rate"
            )
        _save(trainer.model, work / "adapter", recipe)
        return losses
    except (HarnessError, OSError):
        raise
    except Exception as problem:  # four libraries raise any kind
        _log.debug("%s: the training failed", base, exc_info=True)
        raise EngineFailed(
            f"{base}: the training failed ({reason(problem)}), run the same command again to go on"
        ) from problem


def _trainer(
    base: Path,
    lessons: Sequence[Lesson],
    recipe: Recipe,
    work: Path,
    parent: Path | None,
    quantize: str = "",
) -> SFTTrainer:
    import torch
    from datasets import Dataset
    from transformers import AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    tokenizer = AutoTokenizer.from_pretrained(base, trust_remote_code=False)
    if lessons[0].chat.text:
        tokenizer.chat_template = lessons[0].chat.text
    prompt_ids(tokenizer, lessons[0].messages)  # the trainer itself would wait for a template
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    model = _model(base, quantize)
    config = SFTConfig(
        output_dir=str(work),
        per_device_train_batch_size=recipe.batch,
        num_train_epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=recipe.warmup,
        weight_decay=recipe.weight_decay,
        max_length=recipe.max_length,
        completion_only_loss=True,
        gradient_checkpointing=torch.cuda.is_available(),
        bf16=torch.cuda.is_available() and torch.cuda.is_bf16_supported(),
        dataloader_pin_memory=torch.cuda.is_available(),
        logging_steps=5,
        logging_first_step=True,
        logging_nan_inf_filter=False,
        save_strategy="steps",
        save_steps=20,
        save_total_limit=2,
        seed=recipe.seed,
        data_seed=recipe.seed,
        report_to=[],
        disable_tqdm=True,
    )
    tuned, peft_config = _with_parent(model, parent, recipe)
    return SFTTrainer(
        model=tuned,
        args=config,
        train_dataset=Dataset.from_list([_row(lesson, tokenizer) for lesson in lessons]),
        processing_class=tokenizer,
        peft_config=peft_config,
    )


def _model(base: Path, quantize: str) -> PreTrainedModel:
    """Load the base to train on; its weights stay fixed, so they may be in 4 or 8 bits."""
    import torch
    from peft import prepare_model_for_kbit_training
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.from_pretrained(base, trust_remote_code=False)
    cuda = torch.cuda.is_available()
    dtype = "bfloat16" if quantize and cuda and torch.cuda.is_bf16_supported() else "float32"
    asked = loading(config, quantize, "cuda" if cuda else "cpu", dtype)
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
        base,
        config=config,
        dtype=getattr(torch, dtype),
        use_safetensors=True,
        trust_remote_code=False,
        **asked,
    )
    if not asked:
        return model
    prepare: Callable[..., PreTrainedModel] = prepare_model_for_kbit_training
    return prepare(model, use_gradient_checkpointing=cuda)


def _with_parent(
    model: PreTrainedModel, parent: Path | None, recipe: Recipe
) -> tuple[PreTrainedModel | PeftModel, LoraConfig | None]:
    """Return the parent adapter on the model to train further, or a config for a new adapter."""
    from peft import LoraConfig, PeftModel

    if parent is not None:
        return PeftModel.from_pretrained(model, parent, is_trainable=True), None
    targets = recipe.targets if recipe.targets == "all-linear" else recipe.targets.split(",")
    config = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=recipe.dropout,
        target_modules=targets,
        task_type="CAUSAL_LM",
    )
    return model, config


def _row(lesson: Lesson, tokenizer: Tokenizer) -> dict[str, object]:
    """Return chat turns for a base with a chat template, else plain text."""
    if tokenizer.chat_template:
        variables = dict(lesson.chat.kwargs)
        return {
            "prompt": [asdict(message) for message in lesson.messages],
            "completion": [{"role": "assistant", "content": lesson.completion}],
        } | ({"chat_template_kwargs": variables} if variables else {})
    prompt = "\n".join(message.content for message in lesson.messages) + "\n"
    return {"prompt": prompt, "completion": lesson.completion}


def _last_checkpoint(work: Path) -> str | None:
    """Return the newest finished checkpoint, or None."""
    found = [
        (int(folder.name.removeprefix("checkpoint-")), folder)
        for folder in work.glob("checkpoint-*")
        if _readable(folder / "trainer_state.json")
    ]
    return str(max(found)[1]) if found else None


def _readable(state: Path) -> bool:
    # The trainer writes its state last, so a readable state means a whole checkpoint.
    try:
        return bool(json.loads(state.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return False


def _reporter(on_step: OnStep) -> TrainerCallback:
    from transformers import TrainerCallback

    class Reporter(TrainerCallback):
        def on_step_end(
            self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
        ) -> None:
            on_step(state.global_step, state.max_steps, None)

        def on_log(
            self,
            args: TrainingArguments,
            state: TrainerState,
            control: TrainerControl,
            logs: dict[str, float] | None = None,
            **_: object,
        ) -> None:
            if logs and "loss" in logs:
                on_step(state.global_step, state.max_steps, float(logs["loss"]))

    return Reporter()


def _save(model: PeftModel, folder: Path, recipe: Recipe) -> None:
    import torch

    wanted = getattr(torch, recipe.dtype)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.to(wanted)
    model.save_pretrained(str(folder))
