"""What may be shown of connection strings and of texts that could hold one."""

import re
from typing import Final

from changeover.model.errors import ConfigurationError
from changeover.model.secret import Secret

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


def read_dsn(dsn: Secret, origin: str) -> dict[str, str]:
    """Return the parts of a connection string.

    libpq's own complaints quote the string, so a string that it would misread is refused here.

    Args:
        dsn: The connection string.
        origin: Where it was read from.

    Raises:
        ConfigurationError: If it can't be read, or a password is not percent-encoded.
    """
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    hint = "write postgresql://user@host:5432/name, service=name or @file"
    try:
        parts = {key: str(value) for key, value in conninfo_to_dict(dsn.reveal()).items()}
    except psycopg.Error:
        raise ConfigurationError(
            f"the connection string from {origin} can't be read", hint=hint
        ) from None
    if not _is_plausible(parts):
        raise ConfigurationError(
            f"the connection string from {origin} holds a character that its password must escape",
            hint="percent-encode the password (@ is %40, / is %2F), or move it into PGPASSFILE",
        )
    return parts


def _is_plausible(parts: dict[str, str]) -> bool:
    ports = parts.get("port", "").split(",")
    names = parts.get("host", "") + parts.get("dbname", "")
    return "@" not in names and all(port.isdigit() or not port for port in ports)


def mask_dsn(parts: dict[str, str]) -> str:
    """Return what may be shown of a connection string: where it leads, as whom, over what."""
    shown = [f"{name}={parts[name]}" for name in SHOWN_PARTS if parts.get(name)]
    return " ".join([*shown, *(["password=***"] if parts.get("password") else [])])
