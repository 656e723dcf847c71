"""Move a live application from Supabase to plain PostgreSQL, with a way back at every step."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from changeover.database import Endpoint
    from changeover.model.errors import ChangeoverError, OutcomeUnknownError, WritesPausedError
    from changeover.model.secret import Secret
    from changeover.model.side import Side
    from changeover.routing import Writer, Written

__all__ = [
    "ChangeoverError",
    "Endpoint",
    "OutcomeUnknownError",
    "Secret",
    "Side",
    "Writer",
    "WritesPausedError",
    "Written",
    "__version__",
]

_HOMES = {
    "ChangeoverError": "changeover.model.errors",
    "Endpoint": "changeover.database",
    "OutcomeUnknownError": "changeover.model.errors",
    "Secret": "changeover.model.secret",
    "Side": "changeover.model.side",
    "Writer": "changeover.routing",
    "WritesPausedError": "changeover.model.errors",
    "Written": "changeover.routing",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for, so that importing us stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'changeover' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
