"""The only place that makes untrusted text safe, with a function per outlet.

No character is dropped silently: whatever could act on the reader's machine is made visible.
"""

from __future__ import annotations

import html as stdlib_html
import json
import re
import unicodedata
from functools import lru_cache

LIMIT = 2_000
"""Characters of one text that are shown, so that a runaway output cannot fill a log."""

# Letters by Unicode category, but rendered as blank space.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\u034f")
_COMMAND = re.compile(r":(?=:)")
_BRACKET = re.compile(r"(##\w*)(?=\[)")
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212]")
_MARKUP = re.compile(r"[!-/:-@\[-`{-~]")
# Signs with a meaning in Markdown prose. A dot, hyphen or underscore inside a word or a number has
# none there and stays readable.
_PROSE = re.compile(
    r"[!#$%&*+:<=>@\[\\\]^`{|}~]|(?<!\d)\.|\.(?!\d)|(?<=\d)\)|(?<!\w)-|-(?!\w)"
    r"|(?<![^\W_])_|_(?![^\W_])"
)
# References that a code host links or notifies: @name #1 !1 ~a %a &1 $1 ^a, GH-1, URLs.
_CALL = re.compile(r"(&#(?:33|35|36|37|38|64|94|126);)(?=[\w\"])|(&#58;)(?=/)|(\bGH-)(?=\d)", re.I)
_TICKS = re.compile(r"`+")


def terminal(text: str, *, lines: bool = False, limit: int | None = LIMIT) -> str:
    """Make text safe for a terminal; with `lines` line feeds stay, else it is a single line."""
    shown = capped(text, limit)
    keep = "\n\t" if lines else ""
    acting = {ord(sign): _escape(sign) for sign in set(shown) if sign not in keep and acts(sign)}
    return shown.translate(acting) if acting else shown


def ci_log(text: str, *, lines: bool = False, limit: int | None = LIMIT) -> str:
    """Make text safe for a CI log, where `::x::` and `##[x]` would be commands to the runner.

    Every `::` is broken, since wrapping may move any of them to the start of a line. With `lines`
    each line also gets a bar in front.
    """
    shown = terminal(text, lines=lines, limit=limit)
    tamed = _BRACKET.sub(r"\1\\", _COMMAND.sub(r":\\", shown))
    return "\n".join(f"| {line}" for line in tamed.split("\n")) if lines else tamed


def markdown_cell(text: str, *, limit: int | None = LIMIT) -> str:
    """Make text safe for a Markdown table or sentence, as code without links, images or mentions.

    Punctuation becomes character references, which never count as structure; inside a code element
    hosts leave mentions and issue numbers alone.
    """
    shown = markdown_code(text, limit=limit)
    return f"<code>{shown}</code>" if shown else ""


def markdown_text(text: str, *, limit: int | None = LIMIT) -> str:
    """Make text safe as Markdown prose: no link, image, tag, list or mention takes effect.

    Hosts search the rendered text once more for mentions and issue numbers, and there a character
    reference has become its sign again; a zero-width space behind the sign stops that search.
    """
    shown = terminal(text, limit=limit)
    return _CALL.sub(r"\g<0>&#8203;", _PROSE.sub(_reference, shown))


def markdown_code(text: str, *, limit: int | None = LIMIT) -> str:
    """Make text safe inside a `code` element that the caller writes; unsafe outside of it."""
    return _MARKUP.sub(_reference, terminal(text, limit=limit))


def markdown_block(text: str, *, limit: int | None = LIMIT) -> str:
    """Show text as a fenced Markdown block, its fence longer than any run of backticks inside."""
    shown = terminal(text, lines=True, limit=limit)
    longest = max((len(run) for run in _TICKS.findall(shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{shown}\n{fence}"


def html(text: str, *, limit: int | None = LIMIT) -> str:
    """Make text safe inside an HTML element or a quoted attribute."""
    return stdlib_html.escape(terminal(text, lines=True, limit=limit), quote=True)


def csv_cell(text: str, *, limit: int | None = None) -> str:
    """Make text safe for a csv writer, so that a spreadsheet does not run it as a formula."""
    shown = terminal(text, limit=limit)
    return f"'{shown}" if _FORMULA.match(shown) else shown


def xml_text(text: str, *, limit: int | None = LIMIT) -> str:
    """Make text valid XML 1.0 characters, for JUnit files; the XML writer escapes the markup."""
    return terminal(text, lines=True, limit=limit)


def slack(text: str, *, limit: int | None = LIMIT) -> str:
    """Make text safe for Slack, where `<!channel>` calls a room and `<url|words>` is a link."""
    shown = terminal(text, limit=limit)
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def json_text(text: str) -> str:
    """Make lone surrogates visible, since strict JSON parsers refuse them."""
    return re.sub(r"[\ud800-\udfff]", lambda match: _escape(match.group()), text)


def json_line(value: object, *, indent: int | None = None) -> str:
    """Write a value as JSON that parses to the same value and is safe to print.

    A terminal or a CI log may show the line before a program reads it, so characters that they
    would obey are written as JSON escapes.
    """
    line = json.dumps(value, ensure_ascii=False, indent=indent)
    acting = {ord(sign): json.dumps(sign)[1:-1] for sign in set(line) if acts(sign)}
    # With an indent, line feeds between the values are structure; those inside are escaped already.
    acting.pop(ord("\n"), None)
    return line.translate(acting).replace("::", ":\\u003a").replace("##", "#\\u0023")


def capped(text: str, limit: int | None) -> str:
    """Cut a long text and say how much is missing."""
    if limit is None or len(text) <= limit:
        return text
    return f"{text[:limit]}… ({len(text) - limit} more characters)"


@lru_cache(maxsize=4096)
def acts(sign: str) -> bool:
    """Tell whether a character acts or is invisible: controls, bidi, zero width, surrogates."""
    if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") or sign in _BLANK:
        return True
    # Reserved and never rendered: without a category yet, these can hide text all the same.
    if sign == "\u2065" or "\ufff0" <= sign <= "\ufff8" or "\U000e0000" <= sign <= "\U000e0fff":
        return True
    # Noncharacters, which XML forbids and no font shows.
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
