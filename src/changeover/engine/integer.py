"""Integers as Haskell reads them: blanks, brackets and other bases, but no plus sign."""

import re
from typing import Final

from changeover.engine.haskell_text import SPACES

DIGITS_MAX: Final = 40
"""More digits are cut: the server refuses such a number at half as many."""

_NUMBER: Final = re.compile(rf"(-?)[{SPACES}]*(?:0[xX]([0-9a-fA-F]+)|0[oO]([0-7]+)|([0-9]+))")


def read(text: str) -> int | None:
    """Return the integer that a text is, or None.

    Args:
        text: Any text.
    """
    text = text.strip(SPACES)
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip(SPACES)
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    sign, hexadecimal, octal, decimal = found.groups()
    digits, base = (hexadecimal, 16) if hexadecimal else (octal, 8) if octal else (decimal, 10)
    number = int(digits.lstrip("0")[:DIGITS_MAX] or "0", base)
    return -number if sign else number
