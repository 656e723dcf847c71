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
        PrimaryUnreachableError,
        TimedOutError,
        WritesPausedError,
    )
    from changeover.model.observation import (
        Observation,
        Observer,
        StatementSlow,
    )
    from changeover.model.routing_observation import (
        OperationFinished,
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
        TransactionConflictError,
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
        Methods,
        Order,
        Repository,
        Steps,
        Table,
        any_of,
        conversation,
        eq,
        error_of,
        gt,
        gte,
        ilike,
        in_,
        is_null,
        is_true,
        lt,
        lte,
        neq,
        not_null,
        not_true,
    )
    from changeover.routing import (
        Standing,
        Writer,
        Written,
        read_stage,
    )
    from changeover.routing.audience import (
        Audience,
    )
    from changeover.routing.context import (
        context,
    )
    from changeover.routing.database import (
        connect,
        connect_async,
    )
    from changeover.routing.openfeature import (
        OpenFeatureProvider,
        openfeature_decider,
    )
    from changeover.routing.prometheus import (
        PrometheusObserver,
    )
    from changeover.routing.sentry import (
        SentryObserver,
    )
    from changeover.routing.setting import (
        Route,
    )
    from changeover.routing.telemetry import (
        TelemetryObserver,
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
    "Audience",
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
    "Methods",
    "MissingReferenceError",
    "MissingValueError",
    "MultipleRowsError",
    "Network",
    "NoPartitionError",
    "NotAllowedError",
    "NotInSchemaError",
    "Observation",
    "Observer",
    "OpenFeatureProvider",
    "OperationFinished",
    "Order",
    "OutcomeUnknownError",
    "PoolSettings",
    "PrimaryUnreachableError",
    "PrometheusObserver",
    "RejectedValueError",
    "Repository",
    "Route",
    "RowError",
    "Secret",
    "SentryObserver",
    "Side",
    "Stage",
    "Standing",
    "StatementSlow",
    "Steps",
    "Table",
    "TelemetryObserver",
    "TimedOutError",
    "TooManyConnectionsError",
    "TransactionConflictError",
    "TransactionUnavailableError",
    "Writer",
    "WritesPausedError",
    "Written",
    "__version__",
    "any_of",
    "async_http_client",
    "connect",
    "connect_async",
    "context",
    "conversation",
    "eq",
    "error_of",
    "gt",
    "gte",
    "http_client",
    "ilike",
    "in_",
    "is_null",
    "is_true",
    "lt",
    "lte",
    "neq",
    "not_null",
    "not_true",
    "openfeature_decider",
    "read_stage",
]

_HOMES = {
    "ALL": "changeover.repository",
    "ApiSettings": "changeover.engine.settings",
    "AsyncDatabase": "changeover.repository",
    "AsyncHttpClient": "changeover.transport",
    "AsyncRepository": "changeover.repository",
    "Audience": "changeover.routing.audience",
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
    "Methods": "changeover.repository",
    "MissingReferenceError": "changeover.model.row_errors",
    "MissingValueError": "changeover.model.row_errors",
    "MultipleRowsError": "changeover.model.row_errors",
    "Network": "changeover.transport",
    "NoPartitionError": "changeover.model.row_errors",
    "NotAllowedError": "changeover.model.errors",
    "NotInSchemaError": "changeover.model.row_errors",
    "Observation": "changeover.model.observation",
    "Observer": "changeover.model.observation",
    "OpenFeatureProvider": "changeover.routing.openfeature",
    "OperationFinished": "changeover.model.routing_observation",
    "Order": "changeover.repository",
    "OutcomeUnknownError": "changeover.model.errors",
    "PoolSettings": "changeover.stores.pool",
    "PrimaryUnreachableError": "changeover.model.errors",
    "PrometheusObserver": "changeover.routing.prometheus",
    "RejectedValueError": "changeover.model.row_errors",
    "Repository": "changeover.repository",
    "Route": "changeover.routing.setting",
    "RowError": "changeover.model.row_errors",
    "Secret": "changeover.model.secret",
    "SentryObserver": "changeover.routing.sentry",
    "Side": "changeover.model.side",
    "Stage": "changeover.model.side",
    "Standing": "changeover.routing",
    "StatementSlow": "changeover.model.observation",
    "Steps": "changeover.repository",
    "Table": "changeover.repository",
    "TelemetryObserver": "changeover.routing.telemetry",
    "TimedOutError": "changeover.model.errors",
    "TooManyConnectionsError": "changeover.model.row_errors",
    "TransactionConflictError": "changeover.model.row_errors",
    "TransactionUnavailableError": "changeover.model.row_errors",
    "Writer": "changeover.routing",
    "WritesPausedError": "changeover.model.errors",
    "Written": "changeover.routing",
    "any_of": "changeover.repository",
    "async_http_client": "changeover.transport",
    "connect": "changeover.routing.database",
    "connect_async": "changeover.routing.database",
    "context": "changeover.routing.context",
    "conversation": "changeover.repository",
    "eq": "changeover.repository",
    "error_of": "changeover.repository",
    "gt": "changeover.repository",
    "gte": "changeover.repository",
    "http_client": "changeover.transport",
    "ilike": "changeover.repository",
    "in_": "changeover.repository",
    "is_null": "changeover.repository",
    "is_true": "changeover.repository",
    "lt": "changeover.repository",
    "lte": "changeover.repository",
    "neq": "changeover.repository",
    "not_null": "changeover.repository",
    "not_true": "changeover.repository",
    "openfeature_decider": "changeover.routing.openfeature",
    "read_stage": "changeover.routing",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for, so that importing us stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'changeover' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
