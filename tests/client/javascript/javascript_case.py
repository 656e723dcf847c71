"""One chain of methods of the official JavaScript client and what must come back."""

from dataclasses import dataclass
from typing import Any

from expectation import UNSET, Expectation


@dataclass(frozen=True, slots=True)
class Case(Expectation):
    """A chain and its answer.

    Attributes:
        name: What it is about.
        chain: Methods and their arguments, as `run.mjs` reads them.
        error: The expected `error`; UNSET for none.
        thrown: The error that must be thrown instead.
        status: The expected HTTP status.
        text: The expected status text, where it matters.
        options: The client's options.
    """

    name: str
    chain: tuple[tuple[Any, ...], ...]
    error: Any = UNSET
    thrown: Any = UNSET
    status: int = 200
    text: str | None = None
    options: Any = None
