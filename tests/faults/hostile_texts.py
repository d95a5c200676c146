"""Random texts of a model that attacks its readers; millions, quickly.

`hostile_text(random.Random(7))` is one text; the same number gives the same texts.
"""

from __future__ import annotations

import random

BLANKS = ("", " ", "\t", "   ", "\v", "\f", "\u00a0", "\u1680", "\u2003", "\u202f", "\u205f",
          "\u3000", "\x1c", "\x1f", "\x85")  # fmt: skip
ENDS = ("\n", "\r", "\r\n", "\n\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
NAMES = ("error", "warning", "notice", "debug", "group", "endgroup", "add-mask", "add-matcher",
         "set-output", "set-env", "save-state", "add-path", "stop-commands", "echo", "section",
         "command", "Error", "vso")  # fmt: skip
COMMANDS = ("::{0}::{1}", "::{0} file=a.py,line=1::{1}", "::{0} name=x::{1}", ":::{0}::{1}",
            "##[{0}]{1}", "##[{0} a=b;c=d]{1}", "###[{0}]{1}", "##vso[task.{0}]{1}",
            "x ##[{0}]{1}", "| ::{0}::{1}", ": :{0}::{1}", ":\u200b:{0}::{1}", "#\ufeff#[{0}]{1}",
            "##\\[{0}]{1}", "::{0}:\n:{1}")  # fmt: skip
HEREDOCS = ("EOF\nname<<EOF\n", "\nEOF\n::error::out\n", "<<EOF\n", "ghadelimiter_1\n", "\nDELIM\n")
TERMINAL = ("\x1b[2J", "\x1b[31m", "\x1b]0;owned\x07", "\x1b]8;;http://x\x1b\\", "\x1bP1$r\x1b\\",
            "\x1bc", "\x9b2J", "\x9d0;x\x9c", "\x07", "\x08\x08", "\r", "\x00", "\x7f", "\x0e",
            "\x1b[?1049h", "\x1b[6n", "[red]x[/red]")  # fmt: skip
UNSEEN = ("\u202e", "\u202d", "\u2066", "\u2069", "\u200b", "\u200d", "\u200e", "\u2060", "\ufeff",
          "\u00ad", "\u061c", "\u180e", "\U000e0041", "\U000e007f", "\ufff9", "\u3164", "\u115f",
          "\u2800", "\ud800", "\udfff", "\udc80", "\ufffe", "\uffff", "\ufdd0", "\U0001fffe",
          "\u034f", "\u2065", "\U000e0008", "\U000e01ef", "\ufff0")  # fmt: skip
MARKDOWN = ("|", " | x |", "```", "````\n", "~~~", "`", "``", "</details>", "<details open>",
            "@team/all", "@somebody", "#1", "GH-1", "![x](http://x/y.png)", "[x](javascript:x)",
            "<javascript:alert(1)>", "http://x.example", "[a]: http://x", "***", "# head",
            "- [ ] x", "<!--", "-->", "\\", "\\|", "&#124;", "&lt;", "&amp;lt;", "$x$",
            "www.x.example", "\n---\n", "\n> ", "\n    code", "~", "\n1. ")  # fmt: skip
SHEET = ("=HYPERLINK(\"http://x\")", "=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1",
         "\r=1", " =1", "\uff1d1", "\uff0b1", "\u22121", "\uff20x", '"=1', ",=1", "'=1", "\n=1",
         "\u00a0=1", "%0A=1", ";=1")  # fmt: skip
HTML = ("<script>alert(1)</script>", "<svg onload=alert(1)>", "<svg/onload=alert(1)//", "'><b>",
        '"><img src=x onerror=alert(1)>', "</td>", "</textarea>", "<!DOCTYPE x>", "<![CDATA[",
        "]]>", "<?xml?>", "&#x3c;", "&bogus;", "<a href='javascript:x'>", "{{x}}", "${x}", "<",
        ">", "&", "'", '"')  # fmt: skip
PLAIN = ("Hi Ana, ", "how many miles ", "run empty?", "Dear Sir or Madam, ", "Zoë", "漢字", "🙂",
         "{input}", "%s", "word", "1.5", "80 %", "#", ":", "[", "]", "(", ")",
         "a" * 90)  # fmt: skip
KINDS = (BLANKS, ENDS, TERMINAL, UNSEEN, MARKDOWN, SHEET, HTML, PLAIN, HEREDOCS)
MEGABYTE = 1 << 20
_BABBLE = 1 / 20_000
"""How often a text is a megabyte long."""


def hostile_text(draw: random.Random) -> str:
    """Return a few pieces one after the other, nearly always with a command among them."""
    pieces = [_piece(draw) for _ in range(draw.randrange(1, 8))]
    if draw.random() < 0.7:
        pieces.insert(draw.randrange(len(pieces) + 1), _command(draw))
    text = "".join(pieces)
    if draw.random() < _BABBLE:
        text = (text * (MEGABYTE // max(1, len(text)) + 1))[:MEGABYTE]
    return text


def _piece(draw: random.Random) -> str:
    if draw.random() < 0.1:
        return chr(
            draw.choice((draw.randrange(0x100), draw.randrange(0x3000), draw.randrange(0x110000)))
        )
    return draw.choice(draw.choice(KINDS))


def _command(draw: random.Random) -> str:
    said = draw.choice(COMMANDS).format(draw.choice(NAMES), draw.choice(PLAIN))
    blanks = "".join(draw.choice(BLANKS) for _ in range(draw.randrange(3)))
    return draw.choice(("", *ENDS)) + blanks + said
