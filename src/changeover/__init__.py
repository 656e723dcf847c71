"""Move a live application from Supabase to plain PostgreSQL, with a way back at every step."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from changeover.database import (
        Endpoint,
    )
    from changeover.engine.settings import (
        ApiSettings,
    )
    from changeover.model.errors import (
        CannotConnectError,
        ChangeoverError,
        ConfigurationError,
        NotAllowedError,
        OutcomeUnknownError,
        TimedOutError,
        WritesPausedError,
    )
    from changeover.model.row_errors import (
        DuplicateKeyError,
        InvalidFilterError,
        MalformedValueError,
        MissingReferenceError,
        MissingValueError,
        MultipleRowsError,
        NoPartitionError,
        NotInSchemaError,
        RejectedValueError,
        RowError,
        TooManyConnectionsError,
        TransactionUnavailableError,
    )
    from changeover.model.secret import (
        Secret,
    )
    from changeover.model.side import (
        Side,
        Stage,
    )
    from changeover.repository import (
        ALL,
        AsyncDatabase,
        AsyncRepository,
        Database,
        Filter,
        Order,
        Repository,
        any_of,
        connect,
        connect_async,
        eq,
        gt,
        gte,
        ilike,
        in_,
        is_null,
        lt,
        lte,
        neq,
        not_null,
    )
    from changeover.routing import (
        Standing,
        Writer,
        Written,
        read_stage,
    )
    from changeover.stores.key import (
        KeyMode,
        KeySettings,
    )
    from changeover.stores.pool import (
        PoolSettings,
    )
    from changeover.transport import (
        AsyncHttpClient,
        HttpClient,
        Network,
        async_http_client,
        http_client,
    )

__all__ = [
    "ALL",
    "ApiSettings",
    "AsyncDatabase",
    "AsyncHttpClient",
    "AsyncRepository",
    "CannotConnectError",
    "ChangeoverError",
    "ConfigurationError",
    "Database",
    "DuplicateKeyError",
    "Endpoint",
    "Filter",
    "HttpClient",
    "InvalidFilterError",
    "KeyMode",
    "KeySettings",
    "MalformedValueError",
    "MissingReferenceError",
    "MissingValueError",
    "MultipleRowsError",
    "Network",
    "NoPartitionError",
    "NotAllowedError",
    "NotInSchemaError",
    "Order",
    "OutcomeUnknownError",
    "PoolSettings",
    "RejectedValueError",
    "Repository",
    "RowError",
    "Secret",
    "Side",
    "Stage",
    "Standing",
    "TimedOutError",
    "TooManyConnectionsError",
    "TransactionUnavailableError",
    "Writer",
    "WritesPausedError",
    "Written",
    "__version__",
    "any_of",
    "async_http_client",
    "connect",
    "connect_async",
    "eq",
    "gt",
    "gte",
    "http_client",
    "ilike",
    "in_",
    "is_null",
    "lt",
    "lte",
    "neq",
    "not_null",
    "read_stage",
]

_HOMES = {
    "ALL": "changeover.repository",
    "ApiSettings": "changeover.engine.settings",
    "AsyncDatabase": "changeover.repository",
    "AsyncHttpClient": "changeover.transport",
    "AsyncRepository": "changeover.repository",
    "CannotConnectError": "changeover.model.errors",
    "ChangeoverError": "changeover.model.errors",
    "ConfigurationError": "changeover.model.errors",
    "Database": "changeover.repository",
    "DuplicateKeyError": "changeover.model.row_errors",
    "Endpoint": "changeover.database",
    "Filter": "changeover.repository",
    "HttpClient": "changeover.transport",
    "InvalidFilterError": "changeover.model.row_errors",
    "KeyMode": "changeover.stores.key",
    "KeySettings": "changeover.stores.key",
    "MalformedValueError": "changeover.model.row_errors",
    "MissingReferenceError": "changeover.model.row_errors",
    "MissingValueError": "changeover.model.row_errors",
    "MultipleRowsError": "changeover.model.row_errors",
    "Network": "changeover.transport",
    "NoPartitionError": "changeover.model.row_errors",
    "NotAllowedError": "changeover.model.errors",
    "NotInSchemaError": "changeover.model.row_errors",
    "Order": "changeover.repository",
    "OutcomeUnknownError": "changeover.model.errors",
    "PoolSettings": "changeover.stores.pool",
    "RejectedValueError": "changeover.model.row_errors",
    "Repository": "changeover.repository",
    "RowError": "changeover.model.row_errors",
    "Secret": "changeover.model.secret",
    "Side": "changeover.model.side",
    "Stage": "changeover.model.side",
    "Standing": "changeover.routing",
    "TimedOutError": "changeover.model.errors",
    "TooManyConnectionsError": "changeover.model.row_errors",
    "TransactionUnavailableError": "changeover.model.row_errors",
    "Writer": "changeover.routing",
    "WritesPausedError": "changeover.model.errors",
    "Written": "changeover.routing",
    "any_of": "changeover.repository",
    "async_http_client": "changeover.transport",
    "connect": "changeover.repository",
    "connect_async": "changeover.repository",
    "eq": "changeover.repository",
    "gt": "changeover.repository",
    "gte": "changeover.repository",
    "http_client": "changeover.transport",
    "ilike": "changeover.repository",
    "in_": "changeover.repository",
    "is_null": "changeover.repository",
    "lt": "changeover.repository",
    "lte": "changeover.repository",
    "neq": "changeover.repository",
    "not_null": "changeover.repository",
    "read_stage": "changeover.routing",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for, so that importing us stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'changeover' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
