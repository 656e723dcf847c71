"""Values that are never printed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that shows itself as ``***`` wherever it is formatted."""

    _value: str

    def reveal(self) -> str:
        """Return the text, for the one call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._value)
