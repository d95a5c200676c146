"""`lora-harness export`: an adapter as it is deployed, merged into its base.

Tested in tests/cli/test_export.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.completion import adapters
from harness.cli.diagnostics import HarnessCommand
from harness.progress import ProgressLine
from harness.text.safe import json_line

if TYPE_CHECKING:
    from harness.flows.export import WrittenExport

STEPS = 3
"""Steps of the longest export."""


@click.command(
    cls=HarnessCommand, epilog="Example: lora-harness export adapter_v2 --to merged exports/v2"
)
@click.argument("name", shell_complete=adapters)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--to",
    "kind",
    type=click.Choice(("merged", "gguf", "nf4")),
    required=True,
    help="merged: one model as safetensors; gguf: a file for llama.cpp and Ollama; nf4: merged,"
    " then quantised to 4 bits by bitsandbytes.",
)
@click.option(
    "--dtype",
    metavar="TYPE",
    help="bfloat16, float16 or float32; for gguf also q8_0, q5_1, q5_0, q4_1, q4_0."
    " Otherwise the base's own 16 bits, else bfloat16.",
)
@click.option(
    "--template",
    type=click.Choice(("base", "adapter")),
    help="Whose chat template it carries; else as its benchmarks judge it.",
)
@click.option("--replace", is_flag=True, help="Replace an export that lies in DIR.")
@click.option("--json", "as_json", is_flag=True, help="The result as one JSON object.")
def export(
    name: str,
    folder: Path,
    kind: str,
    dtype: str | None,
    template: str | None,
    replace: bool,
    as_json: bool,
) -> None:
    """Merge adapter NAME into its base and write what is deployed into DIR.

    The merge must answer as the adapter does, and what was written is read back and compared with
    the adapter, tensor by tensor, before DIR gets it. Whether it writes as well as the adapter,
    the benchmark says: lora-harness evaluate NAME --as DIR.
    Exit codes: 0 written, 4 refused, 11 the disk or a library failed.
    """
    from harness.flows.export import export as flow
    from harness.flows.project import Project

    project, line = Project.here(), ProgressLine(f"exporting {name}")
    done = iter(range(STEPS + 1))

    def on_step(step: str) -> None:
        line.title = f"exporting {name}: {step}"
        line.show(next(done), STEPS)

    try:
        made = flow(
            project,
            name,
            kind,
            folder,
            dtype=dtype,
            template=template,
            replace=replace,
            on_step=on_step,
        )
    finally:
        line.close()
    shown = project.redaction.record(made)
    click.echo(json_line(_row(shown)) if as_json else "\n".join(_lines(shown, folder)))


def _row(made: WrittenExport) -> dict[str, object]:
    return {
        "adapter": made.adapter,
        "adapter_digest": made.digest,
        "kind": made.kind,
        "form": made.form,
        "template": made.template,
        "folder": str(made.folder),
        "files": made.files,
        "digest": made.files_digest,
        "notes": made.notes,
    }


def _lines(made: WrittenExport, folder: Path) -> list[str]:
    from shlex import quote

    from harness.text.safe import ci_log

    of = f"{made.adapter} ({made.digest[:12]})"
    lines = [
        f"{made.folder}: {of} as {made.form}, with the template of the {made.template}",
        f"digest {made.files_digest[:12]}, {', '.join(made.files)}",
        *(f"note  {note}" for note in made.notes),
        f"next  lora-harness evaluate {quote(made.adapter)} --as {quote(str(folder))}",
    ]
    return [ci_log(line) for line in lines]
