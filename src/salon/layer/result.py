"""The original result shape: one value for success and failure, which never raises."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from changeover import ChangeoverError
from salon.layer.operation import Answer

_WORD: Final = re.compile(r"_([a-z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a method came to, as the application was once told.

    Attributes:
        success: Whether it was done.
        data: A row, rows or None; None too where it was not done.
        operation: The method's original name, such as `getClientByPhone`.
        timestamp: When it was answered: UTC, in milliseconds.
        error: What went wrong, without any value of a row; None if nothing did.
        metadata: What stands beside the data, by its original names.
        exception: The typed exception behind `error`; not part of the shape.
    """

    success: bool
    data: Any
    operation: str
    timestamp: str
    error: str | None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    exception: Exception | None = field(default=None, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the shape as plain values, the metadata beside the other keys."""
        return {
            "success": self.success,
            "data": self.data,
            "operation": self.operation,
            "timestamp": self.timestamp,
            "error": self.error,
            **self.metadata,
        }


def original_name(name: str) -> str:
    """Return what a method was called in the original code."""
    return _WORD.sub(lambda found: found[1].upper(), name)


def of_answer(name: str, answer: Answer[Any], moment: dt.datetime) -> Result:
    """Return the shape of what was done."""
    return Result(
        success=True,
        data=answer.data,
        operation=original_name(name),
        timestamp=_text(moment),
        error=None,
        metadata=answer.metadata,
    )


def of_error(name: str, error: Exception, moment: dt.datetime) -> Result:
    """Return the shape of what went wrong; texts that are not ours could hold a row's values."""
    text = error.message if isinstance(error, ChangeoverError) else type(error).__name__
    return Result(
        success=False,
        data=None,
        operation=original_name(name),
        timestamp=_text(moment),
        error=text,
        exception=error,
    )


def _text(moment: dt.datetime) -> str:
    naive = moment.astimezone(dt.UTC).replace(tzinfo=None)
    return f"{naive.isoformat(timespec='milliseconds')}Z"
