"""Knobs of a running copy: rows of `changeover.knob` on the target, read again at each interval.

A table, not a file: every operator and every worker sees the same, wherever they sit. A knob that
is not turned has the configuration's value.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Final

from changeover.control.move import Connection, Move
from changeover.database import fixed
from changeover.database.errors import translated
from changeover.model.errors import ConfigurationError
from changeover.model.settings import CopySettings
from changeover.model.side import Side

_ROOM: Final = "changeover.transfer"
PREFIX: Final = "copy."


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """What can be turned while a copy runs; each is the row `copy.<name>`.

    Attributes:
        paused: No range is begun.
        workers: Ranges under way at the same time; at most as many as the copy was started with.
        source_latency_ms_max: While a small commit on the source takes longer, the copy waits.
        source_connections_percent_max: Above this share of used connections the copy waits.
        lag_keys_max: Above this many keys in the source's change log the copy waits; 0 turns it
            off.
        disk_path: A path, on the machine that copies, on the disk that fills; empty turns the
            factor off.
        disk_free_percent_min: Below this share of free space there the copy waits.
    """

    paused: bool = False
    workers: int
    source_latency_ms_max: float
    source_connections_percent_max: float
    lag_keys_max: int
    disk_path: str = ""
    disk_free_percent_min: float = 5.0


def _truth(text: str) -> bool:
    return {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}[
        text.strip().lower()
    ]


def _count(text: str) -> int:
    if (number := int(text)) < 0:
        raise ValueError(text)
    return number


def _amount(text: str) -> float:
    if not (number := float(text)) >= 0:
        raise ValueError(text)
    return number


_READERS: Final[Mapping[str, Callable[[str], bool | int | float | str]]] = {
    "paused": _truth,
    "workers": _count,
    "source_latency_ms_max": _amount,
    "source_connections_percent_max": _amount,
    "lag_keys_max": _count,
    "disk_path": str,
    "disk_free_percent_min": _amount,
}
assert set(_READERS) == {field.name for field in fields(Knobs)}


def decode_knobs(settings: CopySettings, rows: Mapping[str, str]) -> Knobs:
    """Return the knobs that the rows of the table come to.

    Args:
        settings: What holds where nothing is turned.
        rows: Values by full name; those of other parts of the house are passed over.

    Raises:
        ConfigurationError: If a knob of the copy is unknown or its value can't be read.
    """
    given: dict[str, bool | int | float | str] = {
        "workers": settings.workers,
        "source_latency_ms_max": settings.source_latency_ms_max,
        "source_connections_percent_max": settings.source_connections_percent_max,
        "lag_keys_max": settings.lag_keys_max,
    }
    for full_name, text in rows.items():
        name = full_name.removeprefix(PREFIX)
        if full_name == name:
            continue
        if name not in _READERS:
            raise ConfigurationError(
                f"'{full_name}' is not a knob of the copy",
                hint=f"there are {', '.join(PREFIX + known for known in _READERS)}",
            )
        try:
            given[name] = _READERS[name](text)
        except (ValueError, KeyError) as error:
            raise ConfigurationError(
                f"the knob {full_name} is turned to '{text}', which can't be read",
                hint=f"turn {full_name} to another value, or release it",
            ) from error
    return Knobs(**given)  # type: ignore[arg-type]


def read_knobs(target: Connection, settings: CopySettings) -> Knobs:
    """Read the knobs.

    Raises:
        ConfigurationError: If one can't be understood.
        DatabaseError: If the table can't be read.
    """
    with translated(Side.TARGET, "reading the knobs"):
        rows = target.execute(fixed(_ROOM, "read_knobs")).fetchall()
    return decode_knobs(settings, dict(rows))


def turn_knob(move: Move, name: str, value: str | None) -> None:
    """Turn a knob of the copy; a running copy sees it at its next interval.

    Args:
        move: The move.
        name: The name of a field of `Knobs`.
        value: Its text, or None to give it back to the configuration.

    Raises:
        ConfigurationError: If there is no such knob, or it can't take that value.
    """
    full_name = f"{PREFIX}{name}"
    if value is not None:
        decode_knobs(move.settings.copy, {full_name: value})
    with (
        move.connect_owner(Side.TARGET, "knob") as target,
        translated(Side.TARGET, "turning a knob"),
    ):
        if value is None:
            target.execute(fixed(_ROOM, "release_knob"), {"name": full_name})
        else:
            target.execute(fixed(_ROOM, "turn_knob"), {"name": full_name, "value": value})
