"""The settings with their documentation: what `init` writes and the reference is made from."""

import inspect
import json
import re
import textwrap
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from changeover.model.settings import Settings

_ATTRIBUTE: Final = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)
_WIDTH: Final = 98

TOP_TEXTS: Final = {
    "state_directory": (
        "Where logins and plans are kept, for their owner alone; relative to this file."
    ),
    "client_binaries": (
        "Directory of pg_dump and pg_restore; empty to search the PATH. Not older than the servers."
    ),
}

_HEAD: Final = """\
# How one application moves. A flag comes before the environment, the environment before this file.
# Lines that begin with #: are settings with their defaults; take the mark away to change one.
# No password belongs here: write "@file" (mode 0600), "service=name", or use PGPASSFILE.
# For a server that is not on this machine: sslmode=verify-full and sslrootcert.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One documented setting.

    Attributes:
        section: Its table in the file; empty at the top level.
        name: Its key.
        type: What it holds, in words.
        default: Its default, as TOML.
        text: What it means.
    """

    section: str
    name: str
    type: str
    default: str
    text: str


def documented_settings() -> tuple[Setting, ...]:
    """Return every setting, in the order of the file."""
    found: list[Setting] = []
    top: list[Setting] = []
    for field in msgspec.structs.fields(Settings):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            found += _section(field.name, field.type)
        else:
            top.append(_setting("", field, TOP_TEXTS.get(field.name, "")))
    return (*top, *found)


def section_text(name: str) -> str:
    """Return what a table of the file is for."""
    kinds = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    return (inspect.getdoc(kinds[name]) or "").partition("\n")[0]


def _section(name: str, kind: type[msgspec.Struct]) -> list[Setting]:
    documented = _ATTRIBUTE.findall(inspect.getdoc(kind) or "")
    texts = {key: " ".join(text.split()) for key, text in documented}
    return [_setting(name, f, texts.get(f.name, "")) for f in msgspec.structs.fields(kind)]


def _setting(section: str, field: msgspec.structs.FieldInfo, text: str) -> Setting:
    default = (
        field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default
    )
    return Setting(
        section=section,
        name=field.name,
        type=_type(field.type),
        default=_toml(default),
        text=text,
    )


def _type(kind: Any) -> str:
    names = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    if kind in names:
        return names[kind]
    if kind == dict[str, int]:
        return "table of whole numbers"
    return "list of texts" if "tuple" in str(kind) or "list" in str(kind) else "table of texts"


def _toml(value: object) -> str:
    """Return a default as TOML writes it: texts, numbers, lists and empty tables as in JSON."""
    if isinstance(value, tuple):
        return json.dumps(list(value), ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False)


def template() -> str:
    """Return a configuration file with every setting, documented and commented out."""
    parts = [_HEAD]
    section = ""
    for setting in documented_settings():
        if setting.section != section:
            section = setting.section
            parts.append(f"\n# {section_text(section)}\n[{section}]\n")
        parts += [f"# {line}\n" for line in _wrap(setting.text)]
        parts.append(f"#: {setting.name} = {setting.default}\n")
    return "".join(parts)


def _wrap(text: str) -> list[str]:

    return textwrap.wrap(text, _WIDTH)
