"""What stands for a character that a terminal or a pipe cannot write.

Redirected output on Windows, and any output under ``LANG=C`` or ``PYTHONIOENCODING``, has an encoding of a few hundred
characters. There − becomes -, ± becomes +/-, é becomes e, and what has no likeness becomes its code, as in ``\\u4f60``.
"""

from __future__ import annotations

import codecs
import sys
import unicodedata
from io import TextIOWrapper
from typing import IO

HANDLER = "clti-spelled"
"""Name of the error handler that this module gives to `codecs`."""

LIKE = {
    "−": "-", "–": "-", "—": "-", "‑": "-", "±": "+/-", "×": "x", "·": "*", "•": "*", "≥": ">=", "≤": "<=", "≈": "~",
    "≠": "!=", "∞": "inf", "→": "->", "€": "EUR", "£": "GBP", "µ": "u", "■": "#", "█": "#", "━": "-", "╸": "-", "╺": "-",
    "‘": "'", "’": "'", "“": '"', "”": '"', "„": '"', "ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "ł": "l", "Ł": "L",
}  # fmt: skip


def spelled_out(character: str, encoding: str) -> str:
    """What `encoding` can write for a character that is not in it."""
    alike = LIKE.get(character) or "".join(c for c in unicodedata.normalize("NFKD", character) if c.isascii())
    if not alike:
        code = ord(character)
        # A byte of a file name that is no text came in as a lone surrogate.
        alike = f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else _backslashed(character)
    return alike if _can(alike, encoding) else "?"


def printable(text: str, stream: IO[str] | None = None) -> str:
    """`text` as `stream` (standard output by default) can write it, so that a table's columns keep their places."""
    encoding = getattr(stream or sys.stdout, "encoding", None) or "utf-8"
    try:
        return text.encode(encoding, HANDLER).decode(encoding)
    except (LookupError, UnicodeError):
        return text


def write_any_character() -> None:
    """Let standard output and standard error write what their encoding has for every character, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=HANDLER)


def _backslashed(character: str) -> str:
    return character.encode("ascii", "backslashreplace").decode("ascii")


def _can(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeError:
        return False
    return True


def _handle(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(spelled_out(character, error.encoding) for character in bad), error.end


codecs.register_error(HANDLER, _handle)
