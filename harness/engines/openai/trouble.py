"""Keep a server's first error, and say its first silence in one line.

Once a server has died it only refuses connections, so what it said first is what explains it.
Tested in tests/engines/openai/test_trouble.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.progress import tell


@dataclass
class Trouble:
    """What went wrong with a server in this process."""

    weighs_at: str
    """The address at which ideals are weighed."""
    first: str = ""
    """Its first error, as a sentence; empty until there was one."""
    fell_silent: bool = False
    """Whether the line on its first silence was written."""

    def failed(self, why: str) -> None:
        """Keep an error of the server, if it is the first."""
        self.first = self.first or why

    def silent(self, url: str, requests: int, seconds: float, works: bool) -> None:
        """Write a line when requests stay without an answer for the first time."""
        if self.fell_silent:
            return
        self.fell_silent = True
        some = "1 request" if requests == 1 else f"{requests} requests"
        then = "the server still works, waiting for it" if works else "asking again"
        tell(f"{url}: {some} had no answer in {seconds:.3g} s, {then}")

    def ended(self, where: str, last: str, asked: str, concurrency: int) -> str:
        """Return the line on a request that is given up."""
        if self.first and where == self.weighs_at:
            # vLLM 0.32 wraps lm_head unless modules are named, and ends at a prompt's logits.
            fewer = "try `concurrency = 1` in [tool.harness.openai] and " * (concurrency > 1)
            return (
                f"{where}: it died while weighing: {self.first}, {asked}; start vLLM with"
                f" --lora-target-modules, lm_head not among them, {fewer or 'and '}run the same"
                " command again to go on"
            )
        began = f", after {self.first}" if self.first not in ("", last) else ""
        return f"{where}: {last}{began}, {asked}; run the same command again to go on"
