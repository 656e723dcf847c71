"""The format of PostgREST's configuration file: `key = value`, groups, imports, interpolation.

Source: the format of Haskell's configurator, as configurator-pg still reads it: texts in double
quotes, `$$` for a dollar sign, `$(name)` for another key or a name of the environment, numbers,
`true`, `false`, `on`, `off`, lists in brackets, `#` for comments, `import "path"`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from changeover.model.errors import ConfigurationError

IMPORTS_MAX: Final = 20

Value = str | bool | int | float
Read = Callable[[Path], str]

_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t\r\n]+|\#[^\n]*)
    | (?P<text>"(?:[^"\\\n]|\\.)*")
    | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<name>[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)*)
    | (?P<sign>[={}\[\],])""",
    re.VERBOSE | re.ASCII,
)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))|\$\$|\$\(([^)]*)\)")
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", '"': '"', "\\": "\\"}
_WORDS: Final = {"true": True, "on": True, "false": False, "off": False}


@dataclass(slots=True)
class _Tokens:
    """What a file consists of, one at a time.

    Attributes:
        path: The file, for complaints.
        items: Kind, text and line of each token.
    """

    path: Path
    items: list[tuple[str, str, int]]
    place: int = 0

    def peek(self, ahead: int = 0) -> tuple[str, str, int]:
        """Return a token without taking it."""
        at = self.place + ahead
        return self.items[at] if at < len(self.items) else ("end", "the end of the file", 0)

    def take(self, kind: str = "", text: str = "") -> str:
        """Take the next token.

        Raises:
            ConfigurationError: If it is not of that kind, or not that text.
        """
        found, value, line = self.peek()
        if (kind and found != kind) or (text and value != text) or found == "end":
            where = f"{self.path}, line {line}" if line else f"{self.path}, at its end"
            wanted = text or kind or "a value"
            raise ConfigurationError(
                f"{where}: {wanted} is expected", hint='a line reads: key = "value"'
            )
        self.place += 1
        return value


@dataclass(slots=True)
class _Reader:
    """Reads a file and those that it imports into one table."""

    environment: Mapping[str, str]
    read: Read
    found: dict[str, Value] = field(default_factory=dict)
    files: int = 0

    def file(self, path: Path, prefix: str) -> None:
        self.files += 1
        if self.files > IMPORTS_MAX:
            raise ConfigurationError(
                f"{path}: more than {IMPORTS_MAX} files are imported",
                hint="look for a file that imports itself",
            )
        tokens = _Tokens(path, list(_tokens(path, self.read(path))))
        while tokens.peek()[0] != "end":
            self.line(tokens, prefix)

    def line(self, tokens: _Tokens, prefix: str) -> None:
        """Take an import, a group or a key with its value."""
        name = tokens.take("name")
        if name == "import" and tokens.peek()[0] == "text":
            self.file(tokens.path.parent / self.text(tokens.take()), prefix)
        elif tokens.peek()[1] == "{":
            tokens.take()
            while tokens.peek()[1] != "}":
                self.line(tokens, f"{prefix}{name}.")
            tokens.take()
        else:
            tokens.take("sign", "=")
            self.found[prefix + name] = self.value(tokens)

    def value(self, tokens: _Tokens) -> Value:
        kind, _text, line = tokens.peek()
        if kind == "sign":
            return self.list(tokens)
        text = tokens.take("" if kind in {"text", "number"} else "name")
        if kind == "text":
            return self.text(text)
        if kind == "number":
            return int(text) if re.fullmatch(r"-?\d+", text) else float(text)
        if text not in _WORDS:
            # The word is not shown: it may be a secret.
            raise ConfigurationError(
                f"{tokens.path}, line {line}: a word stands where a value is expected",
                hint="texts stand in double quotes",
            )
        return _WORDS[text]

    def list(self, tokens: _Tokens) -> str:
        """Take a list; those of PostgREST's settings are texts with commas."""
        tokens.take("sign", "[")
        parts = []
        while tokens.peek()[1] != "]":
            parts.append(str(self.value(tokens)))
            if tokens.peek()[1] != "]":
                tokens.take("sign", ",")
        tokens.take()
        return ",".join(parts)

    def text(self, quoted: str) -> str:
        def replaced(match: re.Match[str]) -> str:
            code, letter, name = match.groups()
            if name is not None:
                return str(self.found.get(name, self.environment.get(name, "")))
            if code or letter:
                return chr(int(code, 16)) if code else _ESCAPED.get(letter, letter)
            return "$"

        return _ESCAPE.sub(replaced, quoted[1:-1])


def _tokens(path: Path, text: str) -> Iterator[tuple[str, str, int]]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        line = text.count("\n", 0, at) + 1
        if found is None:
            # The line is not shown: it may hold a secret.
            raise ConfigurationError(
                f"{path}, line {line} can't be read", hint='a line reads: key = "value"'
            )
        kind = found.lastgroup or ""
        if kind != "space":
            yield kind, found[0], line
        at = found.end()


def read_file(path: Path, environment: Mapping[str, str], read: Read) -> dict[str, Value]:
    """Return the keys of a configuration file with their values.

    Args:
        path: The file.
        environment: For `$(name)`.
        read: Returns the text of a file.

    Raises:
        ConfigurationError: If it can't be read; no value is quoted.
    """
    reader = _Reader(environment, read)
    reader.file(path, "")
    return reader.found
