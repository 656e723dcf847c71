"""What goes wrong with the official client, as Changeover's public errors.

It needs the packages of the client, so nothing but backends over the client imports it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx
from postgrest import APIError

from changeover import CannotConnectError, NotAllowedError, TimedOutError, error_of

_STATUS_DIGITS: Final = 3
_SERVER_ERROR: Final = "5"
_REFUSED: Final = frozenset({"401", "403", "PGRST301", "PGRST302", "PGRST303"})


@contextmanager
def translated(table: str) -> Iterator[None]:
    """Raise the error that the client's stands for; its own text holds values of cells.

    Args:
        table: What was asked for.

    Raises:
        ChangeoverError: One of the public classes.
    """
    place = f"public.{table}"
    try:
        yield
    except APIError as error:
        raise _error(error, place) from None
    except httpx.TimeoutException:
        raise TimedOutError(
            f"{place}: the API did not answer in time",
            hint="a write may still happen; the same upsert again does no harm",
        ) from None
    except httpx.HTTPError as error:
        raise CannotConnectError(
            f"{place}: the API can't be reached ({type(error).__name__})",
            hint="wait until it answers",
        ) from None


def _error(error: APIError, place: str) -> Exception:
    code = error.code or "unknown"
    if code in _REFUSED:
        return NotAllowedError(f"{place}: the API refuses the key ({code})", hint="look at the key")
    if len(code) == _STATUS_DIGITS and code.startswith(_SERVER_ERROR):
        return CannotConnectError(f"{place}: no database answers ({code})", hint="wait for it")
    return error_of(code, error.message or "", place)
