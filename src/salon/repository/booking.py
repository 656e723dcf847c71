"""What is booked, as the external system knows it."""

import datetime as dt
from collections.abc import Generator
from decimal import Decimal
from typing import Any, ClassVar, Final
from uuid import UUID

import msgspec
from msgspec import UNSET

from changeover import (
    ALL,
    AsyncRepository,
    Methods,
    Order,
    Repository,
    Steps,
    Table,
    conversation,
    eq,
    gte,
    in_,
    lt,
)
from salon.repository.column import Column, NullableColumn, between, never_since

DUE: Final = ("active", "confirmed")
"""The statuses of bookings that are still to be reminded of."""


class Booking(msgspec.Struct, kw_only=True):
    """A row of bookings. `datetime` is the salon's wall time, book-keeping is UTC wall time."""

    id: Column[UUID] = UNSET
    yclients_record_id: Column[int] = UNSET
    company_id: Column[int] = UNSET
    client_yclients_id: NullableColumn[int] = UNSET
    staff_id: NullableColumn[int] = UNSET
    duration: NullableColumn[int] = UNSET
    visit_attendance: NullableColumn[int] = UNSET
    client_phone: NullableColumn[str] = UNSET
    client_name: NullableColumn[str] = UNSET
    staff_name: NullableColumn[str] = UNSET
    comment: NullableColumn[str] = UNSET
    record_hash: NullableColumn[str] = UNSET
    status: NullableColumn[str] = UNSET
    services: NullableColumn[list[str | None]] = UNSET
    service_ids: NullableColumn[list[int | None]] = UNSET
    datetime: Column[dt.datetime] = UNSET
    created_at: NullableColumn[dt.datetime] = UNSET
    updated_at: NullableColumn[dt.datetime] = UNSET
    synced_at: NullableColumn[dt.datetime] = UNSET
    date: NullableColumn[dt.date] = UNSET
    cost: NullableColumn[Decimal] = UNSET
    prepaid: NullableColumn[Decimal] = UNSET
    online: NullableColumn[bool] = UNSET
    created_by_bot: NullableColumn[bool] = UNSET


class BookingRecord(msgspec.Struct, kw_only=True):
    """Which booking a row is."""

    id: UUID
    yclients_record_id: int


class BookingMethods(Methods[Booking]):
    """What is asked of bookings; upserts conflict on the external number and the company."""

    table_name = "bookings"
    row_type = Booking
    beside: ClassVar = {BookingRecord: "bookings"}
    key = ("yclients_record_id", "company_id")
    batch_rows = 100

    @staticmethod
    def upcoming(
        table: Table[Booking], company_id: int, phone: str, now: dt.datetime, limit: int
    ) -> Steps[list[Booking]]:
        """Return the steps of `find_upcoming`, for whoever has the table."""
        return table.find_many(
            [
                eq("company_id", company_id),
                eq("client_phone", phone),
                eq("status", "active"),
                gte("datetime", now),
            ],
            [Order("datetime")],
            limit,
            None,
        )

    @conversation
    def find_by_record_id(self, record_id: int, company_id: int) -> Steps[Booking | None]:
        """Return the booking of an external number."""
        filters = [eq("yclients_record_id", record_id), eq("company_id", company_id)]
        return self.table.find_one(filters)

    @conversation
    def find_by_phone(self, phone: str, limit: int = 10) -> Steps[list[Booking]]:
        """Return bookings of a normalised phone, the latest first."""
        order = [Order("datetime", is_falling=True)]
        return self.table.find_many([eq("client_phone", phone)], order, limit, None)

    @conversation
    def find_upcoming(
        self, company_id: int, phone: str, now: dt.datetime, limit: int = 10
    ) -> Steps[list[Booking]]:
        """Return active bookings of a normalised phone from a wall time on, the earliest first."""
        return self.upcoming(self.table, company_id, phone, now, limit)

    @conversation
    def find_by_date_range(
        self, company_id: int, start: dt.datetime, end: dt.datetime
    ) -> Steps[list[Booking]]:
        """Return all bookings of a company from a wall time up to another, in their order."""
        return self.table.find_many(
            [eq("company_id", company_id), *between("datetime", start, end)],
            [Order("datetime")],
            ALL,
            None,
        )

    @conversation
    def find_by_staff(
        self,
        company_id: int,
        staff_id: int,
        start: dt.datetime | None = None,
        end: dt.datetime | None = None,
    ) -> Steps[list[Booking]]:
        """Return all bookings of somebody of the staff, in their order."""
        return self.table.find_many(
            [
                eq("staff_id", staff_id),
                eq("company_id", company_id),
                *between("datetime", start, end),
            ],
            [Order("datetime")],
            ALL,
            None,
        )

    @conversation
    def find_by_client(
        self, company_id: int, client_yclients_id: int, limit: int = 100
    ) -> Steps[list[Booking]]:
        """Return bookings of a client's external number, the latest first."""
        return self.table.find_many(
            [eq("client_yclients_id", client_yclients_id), eq("company_id", company_id)],
            [Order("datetime", is_falling=True)],
            limit,
            None,
        )

    @conversation
    def find_due(self, start: dt.datetime, end: dt.datetime) -> Steps[list[Booking]]:
        """Return all bookings that take place between two wall times, of every company."""
        return self.table.find_many(
            [*between("datetime", start, end), in_("status", DUE)], [Order("datetime")], ALL, None
        )

    @conversation
    def update_status(
        self, record_id: int, company_id: int, status: str
    ) -> Generator[Any, Any, Booking | None]:
        """Set a booking's status and return the booking, or None if there is none."""
        changed = yield from self.table.update(
            [eq("yclients_record_id", record_id), eq("company_id", company_id)],
            {"status": status},
        )
        return changed[0] if changed else None

    @conversation
    def delete_older_than(self, today: dt.date, days: int = 30) -> Generator[Any, Any, int]:
        """Remove bookings of days more than so many days ago, and return how many went."""
        oldest = today - dt.timedelta(days=days)
        gone = yield from self.table_of(BookingRecord).delete([lt("date", oldest)])
        return len(gone)

    @conversation
    def find_stale(self, company_id: int, before: dt.datetime) -> Steps[list[Booking]]:
        """Return all that were not synchronised since a UTC wall time, or never."""
        return self.table.find_many(
            [eq("company_id", company_id), never_since("synced_at", before)],
            [Order("synced_at")],
            ALL,
            None,
        )


class BookingRepository(BookingMethods, Repository[Booking]):
    """Bookings."""


class AsyncBookingRepository(BookingMethods, AsyncRepository[Booking]):
    """Bookings, awaited."""
