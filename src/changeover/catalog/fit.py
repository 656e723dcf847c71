"""Whether every value of one column type fits another, and what happens to it there.

Pure. Types are texts as `format_type` prints them; a type that is not known here fits only itself.
"""

import re
from dataclasses import dataclass
from typing import Final

from changeover.catalog.drift import Severity

_TYPE: Final = re.compile(
    r"(?P<name>.+?)(?:\((?P<modifier>-?\d+(?:,-?\d+)?)\))?"
    r"(?P<zone> with(?:out)? time zone)?(?P<array>(?:\[\])*)"
)
_INTEGERS: Final = {
    "smallint": 32_767,
    "integer": 2_147_483_647,
    "bigint": 9_223_372_036_854_775_807,
}
_TEXTS: Final = frozenset({"text", "character varying", "character", "name", "bpchar"})
_TIMES: Final = frozenset(
    {
        "timestamp without time zone",
        "timestamp with time zone",
        "time without time zone",
        "time with time zone",
        "interval",
        "date",
    }
)
_FRACTION_DIGITS: Final = 6
_NO_LIMIT: Final = 1 << 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """What a change of type does to values."""

    severity: Severity
    breaks: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Type:
    name: str
    modifiers: tuple[int, ...]
    array: str

    @property
    def length_max(self) -> int:
        """How many characters a text type takes."""
        if self.modifiers:
            return self.modifiers[0]
        return {"character": 1, "name": 63}.get(self.name, _NO_LIMIT)

    @property
    def fraction_digits(self) -> int:
        return self.modifiers[0] if self.modifiers else _FRACTION_DIGITS


def _parse(text: str) -> _Type:
    found = _TYPE.fullmatch(text)
    assert found is not None, "every type has a name"
    modifiers = tuple(int(part) for part in (found["modifier"] or "").split(",") if part)
    return _Type(
        name=found["name"] + (found["zone"] or ""), modifiers=modifiers, array=found["array"]
    )


def misfit(source: str, target: str) -> Misfit | None:
    """Return what happens to values of one type in a column of another, or None if they are one.

    Args:
        source: The source's type, with its modifier.
        target: The target's.
    """
    if source == target:
        return None
    old, new = _parse(source), _parse(target)
    if old.array != new.array:
        return _refused(source, target)
    for rule in (_integers, _numbers, _floats, _texts, _times, _documents):
        found = rule(old, new)
        if found is not None:
            return found
    if new.name in {"text", "character varying"} and new.length_max == _NO_LIMIT:
        return _behaves(
            "JSON shows text where it showed another type; text that is no such value is accepted "
            "and can't be carried back"
        )
    return _refused(source, target)


def _refused(source: str, target: str) -> Misfit:
    return Misfit(
        severity=Severity.REFUSES,
        breaks=f"values of {source} that are no {target} are refused",
    )


def _bends(breaks: str) -> Misfit:
    return Misfit(severity=Severity.BENDS, breaks=breaks)


def _refuses(breaks: str) -> Misfit:
    return Misfit(severity=Severity.REFUSES, breaks=breaks)


def _behaves(breaks: str) -> Misfit:
    return Misfit(severity=Severity.BEHAVES, breaks=breaks)


def _integers(old: _Type, new: _Type) -> Misfit | None:
    if old.name not in _INTEGERS or new.name not in _INTEGERS:
        return None
    if _INTEGERS[old.name] > _INTEGERS[new.name]:
        return _refuses(f"values above {_INTEGERS[new.name]} are refused (22003)")
    return _behaves(
        f"values above {_INTEGERS[old.name]} are accepted and can't be carried back (22003)"
    )


def _numbers(old: _Type, new: _Type) -> Misfit | None:
    if new.name == "numeric" and old.name in _INTEGERS and not new.modifiers:
        return _behaves("fractions are accepted and can't be carried back")
    return _decimals(old, new) if old.name == new.name == "numeric" else None


def _decimals(old: _Type, new: _Type) -> Misfit:
    if not new.modifiers:
        return _behaves("any precision is accepted; what the source rounds is not carried back")
    whole, scale = _digits(new)
    old_whole, old_scale = _digits(old) if old.modifiers else (_NO_LIMIT, _NO_LIMIT)
    if whole < old_whole:
        return _refuses(
            f"values with more than {whole} digits before the point are refused (22003), "
            f"fractions are rounded to {scale} digits"
        )
    if scale != old_scale:
        return _bends(f"fractions are rounded to, or filled up to, {scale} digits")
    return _behaves(f"values with more than {old_whole} digits can't be carried back (22003)")


def _digits(number: _Type) -> tuple[int, int]:
    precision, scale = (*number.modifiers, 0)[:2]
    return precision - scale, scale


def _floats(old: _Type, new: _Type) -> Misfit | None:
    names = {"real", "double precision", "numeric"}
    if old.name not in names or new.name not in names:
        return None
    if (old.name, new.name) == ("real", "double precision"):
        return _behaves("digits that a real does not hold can't be carried back")
    return _bends("values are rounded to another precision")


def _texts(old: _Type, new: _Type) -> Misfit | None:
    if old.name not in _TEXTS or new.name not in _TEXTS:
        return None
    if new.length_max < old.length_max:
        return _refuses(f"rows longer than {new.length_max} are refused (22001)")
    if "character" in (old.name, new.name):
        return _bends("blanks at the end are added or kept as part of the value")
    return _behaves(
        "nothing is refused"
        if old.length_max == new.length_max
        else f"rows longer than {old.length_max} are accepted and can't be carried back (22001)"
    )


def _times(old: _Type, new: _Type) -> Misfit | None:
    if old.name not in _TIMES or new.name not in _TIMES:
        return None
    if old.name != new.name:
        return _bends("the offset or the time of day is dropped, or made up")
    if new.fraction_digits < old.fraction_digits:
        return _bends(f"fractions of seconds are rounded to {new.fraction_digits} digits")
    return _behaves("finer fractions of seconds are accepted and rounded on the way back")


def _documents(old: _Type, new: _Type) -> Misfit | None:
    if (old.name, new.name) == ("json", "jsonb"):
        return _bends(
            "order and blanks are lost, of double keys the last stays, \\u0000 is refused"
        )
    if (old.name, new.name) == ("jsonb", "json"):
        return _behaves("operators of jsonb are missing; = and DISTINCT raise 42883")
    return None
