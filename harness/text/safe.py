"""The one place where text that a model or a stranger wrote is made safe, one function per outlet.

Nothing is dropped silently: what could act on a reader's machine is made visible instead.
"""

from __future__ import annotations

import html as stdlib_html
import json
import re
import unicodedata
from functools import lru_cache

LIMIT = 2_000
"""Characters of one text that are shown; a megabyte of babble is somebody else's log."""

# Letters to Unicode, nothing to the eye.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\u034f")
_COMMAND = re.compile(r":(?=:)")
_BRACKET = re.compile(r"(##\w*)(?=\[)")
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212]")
_MARKUP = re.compile(r"[!-/:-@\[-`{-~]")
# What means something in prose; what stands between letters or figures there does not.
_PROSE = re.compile(
    r"[!#$%&*+:<=>@\[\\\]^`{|}~]|(?<!\d)\.|\.(?!\d)|(?<=\d)\)|(?<!\w)-|-(?!\w)"
    r"|(?<![^\W_])_|_(?![^\W_])"
)
# What calls somebody or something on a code host: @name #1 !1 ~a %a &1 $1 ^a, GH-1, an address.
_CALL = re.compile(r"(&#(?:33|35|36|37|38|64|94|126);)(?=[\w\"])|(&#58;)(?=/)|(\bGH-)(?=\d)", re.I)
_TICKS = re.compile(r"`+")


def terminal(text: str, *, lines: bool = False, limit: int | None = LIMIT) -> str:
    """Show text on a terminal; with `lines` line feeds stay, otherwise all is one line."""
    return _visible(capped(text, limit), keep="\n\t" if lines else "")


def ci_log(text: str, *, lines: bool = False, limit: int | None = LIMIT) -> str:
    """Show text in a CI log, where `::x::` and `##[x]` would be commands to the runner.

    Every `::` is broken, since wrapping may bring any of them to the start of a line; with `lines`
    each line also gets a bar in front.
    """
    shown = terminal(text, lines=lines, limit=limit)
    tamed = _BRACKET.sub(r"\1\\", _COMMAND.sub(r":\\", shown))
    return "\n".join(f"| {line}" for line in tamed.split("\n")) if lines else tamed


def markdown_cell(text: str, *, limit: int | None = LIMIT) -> str:
    """Show text in a Markdown table or sentence, as code: no link, image, mention or tag in it.

    Punctuation becomes character references, which never count as structure; a code element is
    where mentions and issue numbers are left alone.
    """
    shown = markdown_code(text, limit=limit)
    return f"<code>{shown}</code>" if shown else ""


def markdown_text(text: str, *, limit: int | None = LIMIT) -> str:
    """Show text as prose in Markdown: no link, image, tag or list in it, and nobody is called.

    Hosts look for mentions and issue numbers once more in what was rendered, where a reference is
    its sign again; a zero-width space behind the sign is what they do not look past.
    """
    shown = terminal(text, limit=limit)
    return _CALL.sub(r"\g<0>&#8203;", _PROSE.sub(_reference, shown))


def markdown_code(text: str, *, limit: int | None = LIMIT) -> str:
    """Show text inside a `code` element that the caller wrote; never outside of one."""
    return _MARKUP.sub(_reference, terminal(text, limit=limit))


def markdown_block(text: str, *, limit: int | None = LIMIT) -> str:
    """Show text as a fenced block; the fence is longer than any run of backticks inside."""
    shown = terminal(text, lines=True, limit=limit)
    longest = max((len(run) for run in _TICKS.findall(shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{shown}\n{fence}"


def html(text: str, *, limit: int | None = LIMIT) -> str:
    """Show text inside an HTML element or a quoted attribute."""
    return stdlib_html.escape(terminal(text, lines=True, limit=limit), quote=True)


def csv_cell(text: str, *, limit: int | None = None) -> str:
    """Give text to a csv writer so that a spreadsheet does not run it as a formula."""
    shown = terminal(text, limit=limit)
    return f"'{shown}" if _FORMULA.match(shown) else shown


def xml_text(text: str, *, limit: int | None = LIMIT) -> str:
    """Keep to the characters of XML 1.0, as in JUnit files; markup is the writer's to escape."""
    return terminal(text, lines=True, limit=limit)


def json_text(text: str) -> str:
    """Make lone surrogates visible, which strict JSON parsers refuse; the rest JSON can carry."""
    return re.sub(r"[\ud800-\udfff]", lambda match: _escape(match.group()), text)


def json_line(value: object, *, indent: int | None = None) -> str:
    """Data for another program: equal once it is read, and nothing acts where it is printed.

    A terminal and a CI log see the line before any program does, so what they would obey is written
    as JSON's own escapes.
    """
    said = json.dumps(value, ensure_ascii=False, indent=indent)
    acting = {ord(sign): json.dumps(sign)[1:-1] for sign in set(said) if _acts(sign)}
    acting.pop(ord("\n"), None)  # JSON's own, between its lines
    return said.translate(acting).replace("::", ":\\u003a").replace("##", "#\\u0023")


def capped(text: str, limit: int | None) -> str:
    """Cut a long text and say how much is missing."""
    if limit is None or len(text) <= limit:
        return text
    return f"{text[:limit]}… ({len(text) - limit} more characters)"


def _visible(text: str, keep: str) -> str:
    acting = {ord(sign): _escape(sign) for sign in set(text) if sign not in keep and _acts(sign)}
    return text.translate(acting) if acting else text


@lru_cache(maxsize=4096)
def _acts(sign: str) -> bool:
    """Whether a character does something, or cannot be seen: controls, bidi, zero width, halves."""
    if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") or sign in _BLANK:
        return True
    # Reserved, but never shown: what is not given a category yet can hide a text all the same.
    if sign == "\u2065" or "\ufff0" <= sign <= "\ufff8" or "\U000e0000" <= sign <= "\U000e0fff":
        return True
    # Noncharacters, which XML forbids and nobody can show.
    return ord(sign) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(sign) <= 0xFDEF


def _escape(sign: str) -> str:
    code = ord(sign)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _reference(match: re.Match[str]) -> str:
    return f"&#{ord(match.group())};"
