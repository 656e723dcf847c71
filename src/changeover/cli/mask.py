"""What may be shown of connection strings and of texts that could hold one."""

import re
from typing import Final

SHOWN_PARTS: Final = ("host", "hostaddr", "port", "dbname", "user", "service", "sslmode")

_SECRETS: Final = (
    (re.compile(r"://\S*@"), "://***@"),
    (
        re.compile(r"(\w*(?:password|secret)\s*=\s*)('(?:[^'\\]|\\.)*'|\S+)", re.IGNORECASE),
        r"\1***",
    ),
    (re.compile(r"sb_secret_\w+"), "sb_secret_***"),
    (re.compile(r"eyJ[\w-]+(?:\.[\w-]*)*"), "eyJ***"),
)


def mask_text(text: str) -> str:
    """Return a text in which whatever looks like a password, key or token is `***`."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def mask_key(value: str) -> str:
    """Return so much of a key or token that its kind can be told."""
    for prefix in ("sb_secret_", "sb_publishable_", "eyJ"):
        if value.startswith(prefix):
            return f"{prefix}***"
    return "***"


def mask_dsn(parts: dict[str, str]) -> str:
    """Return what may be shown of a connection string: where it leads, as whom, over what."""
    shown = [f"{name}={parts[name]}" for name in SHOWN_PARTS if parts.get(name)]
    return " ".join([*shown, *(["password=***"] if parts.get("password") else [])])
