"""The clients' history: one row for a visit, in appointments_cache, which is no cache."""

import datetime as dt
from collections.abc import Generator
from decimal import Decimal
from typing import Any

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
    neq,
)
from salon.repository.column import Column, NullableColumn, between, of_company


class Visit(msgspec.Struct, kw_only=True):
    """A row of appointments_cache. Ids of others are external numbers."""

    id: Column[int] = UNSET
    yclients_record_id: Column[int] = UNSET
    company_id: Column[int] = UNSET
    client_id: NullableColumn[int] = UNSET
    service_id: NullableColumn[int] = UNSET
    staff_id: NullableColumn[int] = UNSET
    rescheduled_from_id: NullableColumn[int] = UNSET
    appointment_datetime: Column[dt.datetime] = UNSET
    created_at: NullableColumn[dt.datetime] = UNSET
    updated_at: NullableColumn[dt.datetime] = UNSET
    synced_at: NullableColumn[dt.datetime] = UNSET
    status: NullableColumn[str] = UNSET
    comment: NullableColumn[str] = UNSET
    staff_comment: NullableColumn[str] = UNSET
    cancellation_reason: NullableColumn[str] = UNSET
    cost: NullableColumn[Decimal] = UNSET
    paid_amount: NullableColumn[Decimal] = UNSET
    attendance: NullableColumn[int] = UNSET
    visit_length: NullableColumn[int] = UNSET
    sms_before: NullableColumn[int] = UNSET
    email_before: NullableColumn[int] = UNSET
    is_cancelled: NullableColumn[bool] = UNSET
    raw_data: Any = UNSET


class VisitMethods(Methods[Visit]):
    """What is asked of visits; upserts conflict on the booking's external number."""

    table_name = "appointments_cache"
    row_type = Visit
    key = ("yclients_record_id",)

    @conversation
    def find_by_client(
        self, client_id: int, company_id: int | None = None, limit: int = 100
    ) -> Steps[list[Visit]]:
        """Return a client's visits, the latest first."""
        return self.table.find_many(
            [eq("client_id", client_id), *of_company(company_id)],
            [Order("appointment_datetime", is_falling=True)],
            limit,
            None,
        )

    @conversation
    def find_upcoming(
        self, client_id: int, company_id: int, now: dt.datetime, limit: int = 10
    ) -> Steps[list[Visit]]:
        """Return a client's visits from a wall time on, the earliest first.

        Those cancelled, and those whose status is NULL, are left out.
        """
        return self.table.find_many(
            [
                eq("client_id", client_id),
                eq("company_id", company_id),
                gte("appointment_datetime", now),
                neq("status", "cancelled"),
            ],
            [Order("appointment_datetime")],
            limit,
            None,
        )

    @conversation
    def find_on(self, company_id: int, day: dt.date) -> Steps[list[Visit]]:
        """Return all visits of a company's day, in their order."""
        midnight = dt.time()
        start = dt.datetime.combine(day, midnight)
        end = dt.datetime.combine(day + dt.timedelta(days=1), midnight)
        return self.table.find_many(
            [eq("company_id", company_id), *between("appointment_datetime", start, end)],
            [Order("appointment_datetime")],
            ALL,
            None,
        )

    @conversation
    def cancel(
        self, record_id: int, reason: str | None = None
    ) -> Generator[Any, Any, Visit | None]:
        """Cancel a visit and return it, or None if there is none."""
        changes = {"status": "cancelled", "is_cancelled": True, "cancellation_reason": reason}
        changed = yield from self.table.update([eq("yclients_record_id", record_id)], changes)
        return changed[0] if changed else None


class VisitRepository(VisitMethods, Repository[Visit]):
    """Visits."""


class AsyncVisitRepository(VisitMethods, AsyncRepository[Visit]):
    """Visits, awaited."""
