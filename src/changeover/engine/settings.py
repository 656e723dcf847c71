"""How the API behaves: the part of PostgREST's configuration that the engine reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from changeover.model.name import TableName


class TransactionEnd(StrEnum):
    """How a request's transaction ends (`db-tx-end`)."""

    COMMIT = "commit"
    COMMIT_ALLOW_OVERRIDE = "commit-allow-override"
    ROLLBACK = "rollback"
    ROLLBACK_ALLOW_OVERRIDE = "rollback-allow-override"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """What requests are parsed and planned by.

    Attributes:
        schemas: The exposed schemas; the first is the default (`db-schemas`).
        extra_search_path: Appended to the search path only (`db-extra-search-path`).
        rows_max: Cap on the rows of reads and of every embed (`db-max-rows`); None for none.
        rows_max_of: The same for single tables, over `rows_max`.
        transaction_end: `db-tx-end`.
        pre_request: A function that is called after the settings are set (`db-pre-request`), as
            schema and name; the schema is empty where none was written.
        root_function: The function behind `/` (`db-root-spec`).
        has_aggregates: `db-aggregates-enabled`.
        has_plans: `db-plan-enabled`.
        hoisted_settings: `db-hoisted-tx-settings`.
        has_legacy_targets: `url-use-legacy-target-names`.
        is_minimal: `client-error-verbosity` is `minimal`.
        application_settings: `app.settings.*`, set in every transaction.
        has_root: False where `openapi-mode` is `disabled`.
    """

    schemas: tuple[str, ...] = ("public",)
    extra_search_path: tuple[str, ...] = ("public",)
    rows_max: int | None = None
    rows_max_of: Mapping[TableName, int | None] = field(default_factory=dict)
    transaction_end: TransactionEnd = TransactionEnd.COMMIT
    pre_request: TableName | None = None
    root_function: TableName | None = None
    has_aggregates: bool = False
    has_plans: bool = False
    hoisted_settings: tuple[str, ...] = (
        "statement_timeout",
        "plan_filter.statement_cost_limit",
        "default_transaction_isolation",
    )
    has_legacy_targets: bool = True
    is_minimal: bool = False
    application_settings: tuple[tuple[str, str], ...] = ()
    has_root: bool = True
