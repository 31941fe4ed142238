"""The text of a file as people save it: with marks of encoding, Windows' ends of lines, or in an encoding that is told."""

from __future__ import annotations

import codecs

from simulator.words.errors import BadInput, Problem

_UTF_16_OR_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""Marks at the start of a file; the longer ones first, because one begins with another."""


def text_in(content: bytes, name: str, kind: str) -> str:
    """The text of a file, with or without the mark that Windows puts before UTF-8.

    Raises BadInput that names another encoding, as Excel and Notepad write it, or the line with a strange byte.
    """
    allowed = f"a {kind} file saved as UTF-8"
    if content.startswith(_UTF_16_OR_32) or b"\x00" in content[:4]:
        wide = content.startswith(_UTF_16_OR_32[:2])
        raise BadInput([Problem(name, "file", f"saved as UTF-{32 if wide else 16}", allowed)])
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        said = f"a byte that is not UTF-8 in line {line:,} (0x{content[error.start]:02x})"
        raise BadInput([Problem(name, "file", said, allowed)]) from None
