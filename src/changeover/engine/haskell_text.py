"""Texts as Haskell has them, in which PostgREST is written: blanks, and literals in messages.

Source: Haskell 2010 Language Report, sections 2.6 (literals) and 17 (`isSpace`).
"""

from typing import Final

SPACES: Final = (
    "\t\n\v\f\r \xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u202f\u205f\u3000"
)
"""What Haskell takes for a blank; Python's own idea of it is wider."""

_CONTROLS: Final = (
    *("NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "a", "b", "t", "n", "v", "f", "r"),
    *("SO", "SI", "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM"),
    *("SUB", "ESC", "FS", "GS", "RS", "US"),
)

_ESCAPED: Final = {
    **{chr(code): "\\" + name for code, name in enumerate(_CONTROLS)},
    "\\": "\\\\",
    "\x7f": "\\DEL",
}


def _escaped(character: str) -> str:
    if character > "\x7f":
        return f"\\{ord(character)}"
    return _ESCAPED.get(character, character)


def shown(text: str) -> str:
    """Return a text as Haskell shows one: in double quotes, escaped, ASCII only."""
    characters = ('\\"' if one == '"' else _escaped(one) for one in text)
    return f'"{"".join(characters)}"'


def shown_character(character: str) -> str:
    """Return a character as Haskell shows one: in single quotes, escaped, ASCII only."""
    return "'\\''" if character == "'" else f"'{_escaped(character)}'"
