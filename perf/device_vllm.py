"""Write with vLLM in this process, and print the tokens that it writes in a second.

`device_check.py` starts it, and gives base, adapter, prompts and decoding as JSON on stdin.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def main() -> None:
    """Load the model, write a first text untimed, then all of them."""
    from vllm import LLM, SamplingParams
    from vllm.lora.request import LoRARequest

    asked = json.load(sys.stdin)
    config = json.loads((Path(asked["adapter"]) / "adapter_config.json").read_text("utf-8"))
    model = LLM(
        asked["base"], dtype=asked["dtype"], generation_config="vllm", max_model_len=2048,
        enable_lora=True, max_loras=1, max_lora_rank=max(8, config["r"]),
        gpu_memory_utilization=0.5,
    )  # fmt: skip
    how = SamplingParams(temperature=0.0, max_tokens=asked["most"])
    lora = LoRARequest("adapter", 1, asked["adapter"])
    prompts = [{"prompt_token_ids": ids} for ids in asked["prompts"]]
    model.generate(prompts[:1], how, lora_request=lora, use_tqdm=False)
    begun = time.perf_counter()
    made = model.generate(prompts, how, lora_request=lora, use_tqdm=False)
    tokens = sum(len(one.outputs[0].token_ids) for one in made)
    print(tokens / (time.perf_counter() - begun))


if __name__ == "__main__":
    main()
