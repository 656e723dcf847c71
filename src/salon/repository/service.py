"""What the salons offer."""

import datetime as dt
from collections.abc import Sequence
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
    in_,
)
from salon.repository.column import Column, NullableColumn, never_since, of_company


class Service(msgspec.Struct, kw_only=True):
    """A row of services. `yclients_id` is the external number; times are UTC wall time."""

    id: Column[int] = UNSET
    yclients_id: Column[int] = UNSET
    company_id: Column[int] = UNSET
    title: Column[str] = UNSET
    category_title: NullableColumn[str] = UNSET
    description: NullableColumn[str] = UNSET
    image_url: NullableColumn[str] = UNSET
    category_id: NullableColumn[int] = UNSET
    duration: NullableColumn[int] = UNSET
    seance_length: NullableColumn[int] = UNSET
    discount: NullableColumn[int] = UNSET
    weight: NullableColumn[int] = UNSET
    price_min: NullableColumn[Decimal] = UNSET
    price_max: NullableColumn[Decimal] = UNSET
    is_active: NullableColumn[bool] = UNSET
    is_bookable: NullableColumn[bool] = UNSET
    created_at: NullableColumn[dt.datetime] = UNSET
    updated_at: NullableColumn[dt.datetime] = UNSET
    last_sync_at: NullableColumn[dt.datetime] = UNSET
    raw_data: Any = UNSET
    declensions: Any = UNSET


class ServiceTitle(msgspec.Struct, kw_only=True):
    """What a service is called."""

    id: int
    yclients_id: int
    title: str


class ServiceMethods(Methods[Service]):
    """What is asked of services; upserts conflict on the external number and the company."""

    table_name = "services"
    row_type = Service
    beside: ClassVar = {ServiceTitle: "services"}
    key = ("yclients_id", "company_id")
    batch_rows = 100
    listing = (Order("weight", is_falling=True), Order("title"))

    @conversation
    def find_all(self, company_id: int, *, include_inactive: bool = False) -> Steps[list[Service]]:
        """Return all services of a company, the weightiest first, then by title."""
        active = [] if include_inactive else [eq("is_active", True)]
        return self.table.find_many(
            [eq("company_id", company_id), *active], self.listing, ALL, None
        )

    @conversation
    def find_by_id(self, yclients_id: int, company_id: int | None = None) -> Steps[Service | None]:
        """Return the service of an external number; two of them are an error."""
        return self.table.find_one([eq("yclients_id", yclients_id), *of_company(company_id)])

    @conversation
    def find_by_category(self, company_id: int, category_id: int) -> Steps[list[Service]]:
        """Return all active services of a category, in the order of `find_all`."""
        filters = [
            eq("company_id", company_id),
            eq("category_id", category_id),
            eq("is_active", True),
        ]
        return self.table.find_many(filters, self.listing, ALL, None)

    @conversation
    def find_titles(self, company_id: int, ids: Sequence[int]) -> Steps[list[ServiceTitle]]:
        """Return what services of external numbers are called."""
        filters = [eq("company_id", company_id), in_("yclients_id", ids)]
        return self.table_of(ServiceTitle).find_many(filters, (), ALL, None)

    @conversation
    def find_stale(self, company_id: int, before: dt.datetime) -> Steps[list[Service]]:
        """Return all that were not synchronised since a UTC wall time, or never."""
        return self.table.find_many(
            [eq("company_id", company_id), never_since("last_sync_at", before)],
            [Order("last_sync_at")],
            ALL,
            None,
        )


class ServiceRepository(ServiceMethods, Repository[Service]):
    """Services."""


class AsyncServiceRepository(ServiceMethods, AsyncRepository[Service]):
    """Services, awaited."""
