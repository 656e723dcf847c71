"""The text of a server's configuration file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from changeover.model.errors import ReservedSettingError

Setting = str | int | float | bool

RESERVED: Final = frozenset(
    {
        "cluster_name",
        "data_directory",
        "external_pid_file",
        "listen_addresses",
        "port",
        "unix_socket_directories",
    }
)
DEFAULTS: Final[Mapping[str, Setting]] = {
    # Files in the data directory vanish with it; POSIX segments of a killed server stay.
    "dynamic_shared_memory_type": "mmap",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


def check_settings(settings: Mapping[str, Setting]) -> None:
    """Refuse settings that the wrapper decides.

    Raises:
        ReservedSettingError: One of them is reserved.
    """
    taken = sorted(name for name in settings if name.lower() in RESERVED)
    if taken:
        raise ReservedSettingError(
            f"{', '.join(taken)} can't be set for a throw-away server; it chooses them itself",
            hint="leave it out",
        )


def render(settings: Mapping[str, Setting], *, initial: Path) -> str:
    """Return a configuration file that begins with what initdb wrote.

    Args:
        settings: Names and values, which win over initdb's.
        initial: The ``postgresql.conf`` of the data directory.
    """
    lines = [f"include {_quoted(str(initial))}"]
    lines += [f"{name} = {_text(value)}" for name, value in settings.items()]
    return "\n".join(lines) + "\n"


def _text(value: Setting) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return _quoted(str(value))


def _quoted(text: str) -> str:
    """Quote a value. Source: PostgreSQL's guc-file.l: backslash sequences count in strings."""
    escaped = text.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
    return f"'{escaped}'"
