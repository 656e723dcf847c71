"""One call of the official Python client and what must come back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from expectation import Expectation

NOTHING: Final = object()
"""What `maybe_single` returns for no row: no answer at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiFailure:
    """What an `APIError` says."""

    code: str
    message: str
    details: Any = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Case(Expectation):
    """A call and its answer.

    Attributes:
        name: What it is about.
        call: Builds the query on the client; the test executes it.
        failure: The expected error.
    """

    name: str
    call: Callable[[Any], Any]
    failure: ApiFailure | None = None
