"""Who works in the salons."""

import datetime as dt
from collections.abc import Generator, Sequence
from decimal import Decimal
from typing import Any, ClassVar

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
    in_,
)
from salon.repository.column import Column, NullableColumn, never_since, of_company


class Staff(msgspec.Struct, kw_only=True):
    """A row of staff. `yclients_id` is the external number; times are UTC wall time."""

    id: Column[int] = UNSET
    yclients_id: Column[int] = UNSET
    company_id: Column[int] = UNSET
    name: Column[str] = UNSET
    specialization: NullableColumn[str] = UNSET
    position: NullableColumn[str] = UNSET
    avatar_url: NullableColumn[str] = UNSET
    information: NullableColumn[str] = UNSET
    email: NullableColumn[str] = UNSET
    phone: NullableColumn[str] = UNSET
    telegram: NullableColumn[str] = UNSET
    level_name: NullableColumn[str] = UNSET
    votes_count: NullableColumn[int] = UNSET
    comments_count: NullableColumn[int] = UNSET
    experience_years: NullableColumn[int] = UNSET
    service_ids: NullableColumn[list[int | None]] = UNSET
    rating: NullableColumn[Decimal] = UNSET
    is_active: NullableColumn[bool] = UNSET
    is_bookable: NullableColumn[bool] = UNSET
    created_at: NullableColumn[dt.datetime] = UNSET
    updated_at: NullableColumn[dt.datetime] = UNSET
    last_sync_at: NullableColumn[dt.datetime] = UNSET
    raw_data: Any = UNSET
    declensions: Any = UNSET


class StaffName(msgspec.Struct, kw_only=True):
    """What somebody is called."""

    id: int
    yclients_id: int
    name: str


class StaffNumber(msgspec.Struct, kw_only=True):
    """Somebody's external number."""

    id: int
    yclients_id: int


class StaffMethods(Methods[Staff]):
    """What is asked of staff; upserts conflict on the external number and the company."""

    table_name = "staff"
    row_type = Staff
    beside: ClassVar = {StaffName: "staff", StaffNumber: "staff"}
    key = ("yclients_id", "company_id")
    batch_rows = 50

    @conversation
    def find_all(self, company_id: int, *, include_inactive: bool = False) -> Steps[list[Staff]]:
        """Return all of a company's staff by name."""
        active = [] if include_inactive else [eq("is_active", True)]
        filters = [eq("company_id", company_id), *active]
        return self.table.find_many(filters, [Order("name")], ALL, None)

    @conversation
    def find_by_id(self, yclients_id: int, company_id: int | None = None) -> Steps[Staff | None]:
        """Return who has an external number; two of them are an error."""
        return self.table.find_one([eq("yclients_id", yclients_id), *of_company(company_id)])

    @conversation
    def find_by_rating(
        self, company_id: int, rating_min: Decimal | int = 0, limit: int = 100
    ) -> Steps[list[Staff]]:
        """Return active staff that has a rating, the best first."""
        return self.table.find_many(
            [eq("company_id", company_id), eq("is_active", True), gte("rating", rating_min)],
            [Order("rating", is_falling=True)],
            limit,
            None,
        )

    @conversation
    def find_names(self, company_id: int, ids: Sequence[int]) -> Steps[list[StaffName]]:
        """Return what staff of external numbers is called."""
        filters = [eq("company_id", company_id), in_("yclients_id", ids)]
        return self.table_of(StaffName).find_many(filters, (), ALL, None)

    @conversation
    def find_active_ids(self, company_id: int) -> Generator[Any, Any, list[int]]:
        """Return the external numbers of all who are active and can be booked, rising."""
        found = yield from self.table_of(StaffNumber).find_many(
            [eq("company_id", company_id), eq("is_active", True), eq("is_bookable", True)],
            [Order("yclients_id")],
            ALL,
            None,
        )
        return [one.yclients_id for one in found]

    @conversation
    def deactivate_all(self, company_id: int) -> Generator[Any, Any, int]:
        """Set a company's staff inactive, and return how many were not before.

        A synchronisation does so first, and activates whom the external system still names; both
        in one transaction.
        """
        filters = [eq("company_id", company_id), eq("is_active", True)]
        changed = yield from self.table_of(StaffNumber).update(filters, {"is_active": False})
        return len(changed)

    @conversation
    def find_stale(self, company_id: int, before: dt.datetime) -> Steps[list[Staff]]:
        """Return all that were not synchronised since a UTC wall time, or never."""
        return self.table.find_many(
            [eq("company_id", company_id), never_since("last_sync_at", before)],
            [Order("last_sync_at")],
            ALL,
            None,
        )


class StaffRepository(StaffMethods, Repository[Staff]):
    """Staff."""


class AsyncStaffRepository(StaffMethods, AsyncRepository[Staff]):
    """Staff, awaited."""
