"""How the synchronisations with the external system went: one row for a table and a company."""

import datetime as dt

import msgspec
from msgspec import UNSET

from changeover import (
    ALL,
    AsyncRepository,
    Methods,
    Order,
    Repository,
    Steps,
    conversation,
    eq,
    gte,
)
from salon.repository.column import Column, NullableColumn


class SyncStatus(msgspec.Struct, kw_only=True):
    """A row of sync_status. Times are UTC wall time."""

    id: Column[int] = UNSET
    table_name: Column[str] = UNSET
    company_id: Column[int] = UNSET
    last_sync_at: NullableColumn[dt.datetime] = UNSET
    sync_status: NullableColumn[str] = UNSET
    error_message: NullableColumn[str] = UNSET
    records_processed: NullableColumn[int] = UNSET
    sync_duration_ms: NullableColumn[int] = UNSET


class SyncStatusMethods(Methods[SyncStatus]):
    """What is asked of synchronisations; upserts conflict on the table and the company."""

    table_name = "sync_status"
    row_type = SyncStatus
    key = ("table_name", "company_id")

    @conversation
    def find_of_company(self, company_id: int) -> Steps[list[SyncStatus]]:
        """Return a company's synchronisations, the latest first."""
        order = [Order("last_sync_at", is_falling=True)]
        return self.table.find_many([eq("company_id", company_id)], order, ALL, None)

    @conversation
    def find_failed(self, since: dt.datetime) -> Steps[list[SyncStatus]]:
        """Return synchronisations that ended with an error since a UTC wall time, of everybody."""
        filters = [eq("sync_status", "error"), gte("last_sync_at", since)]
        return self.table.find_many(filters, [Order("last_sync_at")], ALL, None)


class SyncStatusRepository(SyncStatusMethods, Repository[SyncStatus]):
    """Synchronisations."""


class AsyncSyncStatusRepository(SyncStatusMethods, AsyncRepository[SyncStatus]):
    """Synchronisations, awaited."""
