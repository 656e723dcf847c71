"""Move a live application from Supabase to plain PostgreSQL, with a way back at every step."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from changeover.database import Endpoint
    from changeover.engine.settings import ApiSettings
    from changeover.model.errors import ChangeoverError, OutcomeUnknownError, WritesPausedError
    from changeover.model.secret import Secret
    from changeover.model.side import Side
    from changeover.repository import (
        AsyncDatabase,
        AsyncRepository,
        Database,
        Repository,
        connect,
        connect_async,
    )
    from changeover.routing import Writer, Written
    from changeover.stores.key import KeyMode, KeySettings
    from changeover.stores.pool import PoolSettings
    from changeover.transport import (
        AsyncHttpClient,
        HttpClient,
        Network,
        async_http_client,
        http_client,
    )

__all__ = [
    "ApiSettings",
    "AsyncDatabase",
    "AsyncHttpClient",
    "AsyncRepository",
    "ChangeoverError",
    "Database",
    "Endpoint",
    "HttpClient",
    "KeyMode",
    "KeySettings",
    "Network",
    "OutcomeUnknownError",
    "PoolSettings",
    "Repository",
    "Secret",
    "Side",
    "Writer",
    "WritesPausedError",
    "Written",
    "__version__",
    "async_http_client",
    "connect",
    "connect_async",
    "http_client",
]

_HOMES = {
    "ApiSettings": "changeover.engine.settings",
    "AsyncDatabase": "changeover.repository",
    "AsyncHttpClient": "changeover.transport",
    "AsyncRepository": "changeover.repository",
    "ChangeoverError": "changeover.model.errors",
    "Database": "changeover.repository",
    "Endpoint": "changeover.database",
    "HttpClient": "changeover.transport",
    "KeyMode": "changeover.stores.key",
    "KeySettings": "changeover.stores.key",
    "Network": "changeover.transport",
    "OutcomeUnknownError": "changeover.model.errors",
    "PoolSettings": "changeover.stores.pool",
    "Repository": "changeover.repository",
    "Secret": "changeover.model.secret",
    "Side": "changeover.model.side",
    "Writer": "changeover.routing",
    "WritesPausedError": "changeover.model.errors",
    "Written": "changeover.routing",
    "async_http_client": "changeover.transport",
    "connect": "changeover.repository",
    "connect_async": "changeover.repository",
    "http_client": "changeover.transport",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for, so that importing us stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'changeover' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
