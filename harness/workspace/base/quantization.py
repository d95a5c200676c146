"""Say how a base's weights are quantised: by their files, or by this project's settings.

Tested in tests/workspace/base/test_quantization.py.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from harness.errors import HarnessError, WeightsError
from harness.workspace.formats.reading import read_json

PLAIN = "none"
"""The word in the settings for weights that are used as their files have them."""
_WAYS = {"nf4": "bitsandbytes nf4 double 1", "int8": "bitsandbytes int8 1"}
"""What `quantize` does to plain weights; a change of how it is done changes the words, and with
them the identity of every base that is quantised here."""
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")


def declared(folder: Path) -> str:
    """Return how the files of a folder are quantised, such as `nf4` or `gptq 4-bit`; else empty."""
    try:
        config = read_json(folder / "config.json", WeightsError)
    except HarnessError:  # loading it says what is wrong with it
        return ""
    inner = config.get("text_config") if isinstance(config, dict) else None
    for table in (config, inner):
        found = table.get("quantization_config") if isinstance(table, dict) else None
        if isinstance(found, dict):
            return _words(found)
    return ""


def _words(config: dict[str, object]) -> str:
    if config.get("load_in_4bit"):
        return _word(config.get("bnb_4bit_quant_type"), "fp4")
    if config.get("load_in_8bit"):
        return "int8"
    bits = config.get("bits")
    size = f" {bits}-bit" if isinstance(bits, int) else ""
    return f"{_word(config.get('quant_method'), 'an unnamed method')}{size}"


def _word(value: object, otherwise: str) -> str:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else otherwise


def agreed(reference: str, quantize: str, folder: Path) -> tuple[str, str]:
    """Return how a base is quantised in use, and what is left to do to it when it is loaded.

    Files that are quantised already are taken as they are; another wish for them is refused.
    """
    there = declared(folder) if folder.is_dir() else ""
    wished = "" if quantize == PLAIN else quantize
    if not there:
        return wished, wished
    if wished in ("", there):
        return there, ""
    raise WeightsError(
        f"{reference}: its files are {there} already, so they cannot be made {quantize}; take"
        f' `quantize = "{quantize}"` out of [tool.harness], or name the plain base'
    )


def digest_of(content: str, quantize: str) -> str:
    """Return the digest of a base in use: of its files, and of what is done to them at loading."""
    if not quantize:
        return content
    return hashlib.sha256(f"{content}\0{_WAYS[quantize]}".encode()).hexdigest()
