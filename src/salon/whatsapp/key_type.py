"""The types of keys that Baileys stores: their names, their lives, and their names of files."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from salon.error import SalonError

KEY_TYPES: Final = (
    "app-state-sync-key",
    "app-state-sync-version",
    "device-list",
    "identity-key",
    "lid-mapping",
    "pre-key",
    "sender-key",
    "sender-key-memory",
    "session",
    "tctoken",
)
"""All of `SignalDataTypeMap` of Baileys 7."""

TTL: Final[Mapping[str, dt.timedelta]] = MappingProxyType(
    dict.fromkeys(("lid-mapping", "pre-key", "session", "sender-key"), dt.timedelta(days=7))
)
TTL_OTHER: Final = dt.timedelta(days=14)

SUFFIX: Final = ".json"
CREDS_FILE: Final = f"creds{SUFFIX}"
NAME_BYTES_MAX: Final = 200
"""File systems take 255; the rest is room for whoever adds an ending."""

# "sender-key" also begins "sender-key-memory": the longest name that fits is the type.
_LONGEST_FIRST: Final = tuple(sorted(KEY_TYPES, key=len, reverse=True))
_DIGEST_DIGITS: Final = 40


class UnknownKeyFileError(SalonError):
    """A file is none that a session's export, or Baileys itself, has written."""

    code = "SALON110"


def parse_file_name(name: str) -> tuple[str, str]:
    """Return the type and the id that a file's name says, by the list of known types.

    A name says less than the id: `/` became `__` and `:` became `-`. Both are put back where the
    type leaves no doubt: ids of app-state-sync-key are base64, which has no `_`, and those of
    sender-key end in `::USER::DEVICE`. For everything else an export has the exact ids beside the
    files.

    Args:
        name: Such as `pre-key-5.json`.

    Raises:
        UnknownKeyFileError: It begins with no known type, or is no JSON file.
    """
    stem = name.removesuffix(SUFFIX)
    for key_type in _LONGEST_FIRST:
        if stem != name and stem.startswith(f"{key_type}-"):
            return key_type, _restored(key_type, stem[len(key_type) + 1 :])
    raise UnknownKeyFileError(
        f"{name!r} begins with no known type of key",
        hint=f"the types are {', '.join(KEY_TYPES)}; take what is no key out of the folder",
    )


def _restored(key_type: str, text: str) -> str:
    if key_type == "app-state-sync-key":
        return text.replace("__", "/")
    if key_type == "sender-key":
        return "::".join(text.rsplit("--", 2))
    return text


def file_name(key_type: str, key_id: str) -> str:
    """Return the name of a key's file, as Baileys names it if the file system takes that."""
    fixed = key_id.replace("/", "__").replace(":", "-")
    name = f"{key_type}-{fixed}{SUFFIX}"
    if len(name.encode()) <= NAME_BYTES_MAX:
        return name
    return digest_name(key_type, key_id)


def digest_name(key_type: str, key_id: str) -> str:
    """Return a name for a key whose own is too long, or taken by another key."""
    digest = hashlib.sha256(key_id.encode()).hexdigest()[:_DIGEST_DIGITS]
    return f"{key_type}-{digest}{SUFFIX}"
