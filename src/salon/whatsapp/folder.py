"""A session as files: one per key, as Baileys' own multi-file state, and the exact ids beside them.

Owns names, contents and rights of files. Knows no database.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from salon.error import SalonError
from salon.whatsapp.buffer import encode, revive
from salon.whatsapp.key_type import (
    CREDS_FILE,
    UnknownKeyFileError,
    digest_name,
    file_name,
    parse_file_name,
)
from salon.whatsapp.operation import Key

IDS_FILE: Final = "ids.json"
FORMAT: Final = 1


class FolderError(SalonError):
    """A folder can't be exported to, or is no whole export."""

    code = "SALON111"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A session.

    Attributes:
        creds: The credentials, Buffers revived; None if there are none.
        keys: Values by type and id, Buffers revived.
    """

    creds: Any | None
    keys: Mapping[Key, Any]


def write_folder(folder: Path, content: Content) -> int:
    """Write a session into a new or empty folder that nobody else may read.

    Returns:
        How many keys were written.

    Raises:
        FolderError: The folder has something in it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FolderError(f"{folder.name} is not empty", hint="export into a new folder")
    names = _names(content.keys)
    # The list of what belongs to it comes first: what is broken off can't pass for whole.
    ids = {"format": FORMAT, "has_creds": content.creds is not None, "files": names}
    _write(folder / IDS_FILE, ids)
    if content.creds is not None:
        _write(folder / CREDS_FILE, encode(content.creds))
    for name, (key_type, key_id) in names.items():
        _write(folder / name, encode(content.keys[key_type, key_id]))
    return len(names)


def _names(keys: Iterable[Key]) -> dict[str, Key]:
    """Return a name for each key's file; no two are one on a disk that knows no case."""
    names: dict[str, Key] = {}
    taken: set[str] = set()
    for key in sorted(keys):
        name = file_name(*key)
        if name.casefold() in taken:
            name = digest_name(*key)
        taken.add(name.casefold())
        names[name] = key
    return names


def _write(path: Path, value: Any) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, allow_nan=False)


def read_folder(folder: Path) -> Content:
    """Read a session from an export of ours or from Baileys' own multi-file state.

    Raises:
        UnknownKeyFileError: A file is neither of a known type nor listed; nothing was read.
        FolderError: A file that is listed is missing, or one holds no JSON.
    """
    there = {path.name for path in folder.iterdir()}
    names = _listed(folder, there) if IDS_FILE in there else _parsed(there)
    creds = _read(folder / CREDS_FILE) if CREDS_FILE in there else None
    return Content(creds=creds, keys={key: _read(folder / name) for name, key in names.items()})


def _listed(folder: Path, there: set[str]) -> dict[str, Key]:
    ids = _json(folder / IDS_FILE)
    try:
        if ids["format"] != FORMAT:
            raise FolderError(
                f"{IDS_FILE} has format {ids['format']}, we read {FORMAT}",
                hint="use the version that wrote it",
            )
        names = {str(name): (str(kind), str(key)) for name, (kind, key) in ids["files"].items()}
        wanted = {*names, CREDS_FILE} if ids["has_creds"] else set(names)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise FolderError(f"{IDS_FILE} is none of ours", hint="export the session anew") from None
    if missing := sorted(wanted - there):
        raise FolderError(
            f"{len(missing)} files are missing, among them {missing[0]}",
            hint="the export is not whole; take another",
        )
    if strange := sorted(there - wanted - {IDS_FILE}):
        raise UnknownKeyFileError(
            f"{len(strange)} files are not listed in {IDS_FILE}, among them {strange[0]!r}",
            hint="take them out of the folder",
        )
    return names


def _parsed(there: set[str]) -> dict[str, Key]:
    return {name: parse_file_name(name) for name in sorted(there - {CREDS_FILE})}


def _read(path: Path) -> Any:
    return revive(_json(path))


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise FolderError(f"{path.name} holds no JSON", hint="take another export") from None
