"""The salons' clients."""

import datetime as dt
from decimal import Decimal
from typing import Any, ClassVar

import msgspec
from msgspec import UNSET

from changeover import (
    ALL,
    AsyncRepository,
    InvalidFilterError,
    Methods,
    Order,
    Repository,
    Steps,
    conversation,
    eq,
    gte,
    ilike,
    not_true,
)
from salon.repository.booking import Booking, BookingMethods
from salon.repository.column import (
    Column,
    NullableColumn,
    between,
    containing,
    never_since,
    of_company,
)


class Client(msgspec.Struct, kw_only=True):
    """A row of clients. `yclients_id` is the external number; times are UTC wall time."""

    id: Column[int] = UNSET
    yclients_id: Column[int] = UNSET
    company_id: Column[int] = UNSET
    name: Column[str] = UNSET
    phone: Column[str] = UNSET
    raw_phone: NullableColumn[str] = UNSET
    email: NullableColumn[str] = UNSET
    status: NullableColumn[str] = UNSET
    notes: NullableColumn[str] = UNSET
    source: NullableColumn[str] = UNSET
    loyalty_level: NullableColumn[str] = UNSET
    client_segment: NullableColumn[str] = UNSET
    discount: NullableColumn[int] = UNSET
    visit_count: NullableColumn[int] = UNSET
    ai_messages_count: NullableColumn[int] = UNSET
    goods_count: NullableColumn[int] = UNSET
    branch_ids: NullableColumn[list[int | None]] = UNSET
    last_service_ids: NullableColumn[list[int | None]] = UNSET
    favorite_staff_ids: NullableColumn[list[int | None]] = UNSET
    tags: NullableColumn[list[str | None]] = UNSET
    preferred_time_slots: NullableColumn[list[str | None]] = UNSET
    last_services: Any = UNSET
    visit_history: Any = UNSET
    goods_purchases: Any = UNSET
    preferences: Any = UNSET
    ai_context: Any = UNSET
    total_spent: NullableColumn[Decimal] = UNSET
    average_bill: NullableColumn[Decimal] = UNSET
    ai_satisfaction_score: NullableColumn[Decimal] = UNSET
    services_amount: NullableColumn[Decimal] = UNSET
    goods_amount: NullableColumn[Decimal] = UNSET
    first_visit_date: NullableColumn[dt.date] = UNSET
    last_visit_date: NullableColumn[dt.date] = UNSET
    blacklisted: NullableColumn[bool] = UNSET
    created_by_ai: NullableColumn[bool] = UNSET
    created_at: NullableColumn[dt.datetime] = UNSET
    updated_at: NullableColumn[dt.datetime] = UNSET
    last_sync_at: NullableColumn[dt.datetime] = UNSET
    last_ai_interaction: NullableColumn[dt.datetime] = UNSET


class ClientMethods(Methods[Client]):
    """What is asked of clients; upserts conflict on the external number and the company."""

    table_name = "clients"
    row_type = Client
    beside: ClassVar = {Booking: "bookings"}
    key = ("yclients_id", "company_id")
    batch_rows = 100

    @conversation
    def find_by_phone(self, phone: str, company_id: int | None = None) -> Steps[Client | None]:
        """Return the client of a normalised phone; two of them are an error."""
        return self.table.find_one([eq("phone", phone), *of_company(company_id)])

    @conversation
    def find_by_raw_phone(
        self, raw_phone: str, company_id: int | None = None
    ) -> Steps[Client | None]:
        """Return the client of a phone as it once came in; two of them are an error."""
        return self.table.find_one([eq("raw_phone", raw_phone), *of_company(company_id)])

    @conversation
    def find_by_id(self, yclients_id: int, company_id: int | None = None) -> Steps[Client | None]:
        """Return the client of an external number; two of them are an error."""
        return self.table.find_one([eq("yclients_id", yclients_id), *of_company(company_id)])

    @conversation
    def search_by_name(self, company_id: int, name: str, limit: int = 100) -> Steps[list[Client]]:
        """Return clients whose name holds a text, those who came last first.

        Raises:
            InvalidFilterError: If nothing is left of the text to look for.
        """
        pattern = containing(name)
        if not pattern:
            raise InvalidFilterError(
                "there is no text to look for in a name", hint="give at least one letter"
            )
        return self.table.find_many(
            [eq("company_id", company_id), ilike("name", pattern)],
            [
                Order("last_visit_date", is_falling=True, are_nulls_last=True),
                Order("visit_count", is_falling=True, are_nulls_last=True),
            ],
            limit,
            None,
        )

    @conversation
    def find_regulars(
        self, company_id: int, visits_min: int = 2, limit: int = 100
    ) -> Steps[list[Client]]:
        """Return those who came most often and are not blacklisted, in falling order."""
        return self.table.find_many(
            [
                eq("company_id", company_id),
                gte("visit_count", visits_min),
                not_true("blacklisted"),
            ],
            [Order("visit_count", is_falling=True)],
            limit,
            None,
        )

    @conversation
    def find_by_segment(
        self, company_id: int, segment: str, limit: int = 100
    ) -> Steps[list[Client]]:
        """Return clients of a segment, in the order of their ids."""
        filters = [eq("company_id", company_id), eq("client_segment", segment)]
        return self.table.find_many(filters, (), limit, None)

    @conversation
    def find_appointments(
        self,
        phone: str,
        start: dt.datetime | None = None,
        end: dt.datetime | None = None,
        limit: int = 10,
    ) -> Steps[list[Booking]]:
        """Return bookings of a normalised phone between two wall times, the latest first."""
        return self.table_of(Booking).find_many(
            [eq("client_phone", phone), *between("datetime", start, end)],
            [Order("datetime", is_falling=True)],
            limit,
            None,
        )

    @conversation
    def find_upcoming(
        self, company_id: int, phone: str, now: dt.datetime, limit: int = 10
    ) -> Steps[list[Booking]]:
        """Return active bookings of a normalised phone from a wall time on, the earliest first."""
        bookings = self.table_of(Booking)
        return BookingMethods.upcoming(bookings, company_id, phone, now, limit)

    @conversation
    def find_stale(self, company_id: int, before: dt.datetime) -> Steps[list[Client]]:
        """Return all that were not synchronised since a UTC wall time, or never."""
        return self.table.find_many(
            [eq("company_id", company_id), never_since("last_sync_at", before)],
            [Order("last_sync_at")],
            ALL,
            None,
        )


class ClientRepository(ClientMethods, Repository[Client]):
    """Clients."""


class AsyncClientRepository(ClientMethods, AsyncRepository[Client]):
    """Clients, awaited."""
