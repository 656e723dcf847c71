"""The salons themselves."""

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET

from changeover import ALL, AsyncRepository, Methods, Order, Repository, Steps, conversation, eq
from salon.repository.column import Column, NullableColumn


class Company(msgspec.Struct, kw_only=True):
    """A row of companies. `company_id` is the tenant's number; times know their zone."""

    id: Column[int] = UNSET
    company_id: Column[int] = UNSET
    yclients_id: NullableColumn[int] = UNSET
    title: Column[str] = UNSET
    address: NullableColumn[str] = UNSET
    phone: NullableColumn[str] = UNSET
    email: NullableColumn[str] = UNSET
    website: NullableColumn[str] = UNSET
    timezone: NullableColumn[str] = UNSET
    currency: NullableColumn[str] = UNSET
    integration_status: NullableColumn[str] = UNSET
    whatsapp_phone: NullableColumn[str] = UNSET
    whatsapp_session_data: NullableColumn[str] = UNSET
    api_key: NullableColumn[str] = UNSET
    webhook_secret: NullableColumn[str] = UNSET
    marketplace_user_id: NullableColumn[str] = UNSET
    marketplace_user_name: NullableColumn[str] = UNSET
    marketplace_user_phone: NullableColumn[str] = UNSET
    marketplace_user_email: NullableColumn[str] = UNSET
    working_hours: Any = UNSET
    raw_data: Any = UNSET
    whatsapp_config: Any = UNSET
    coordinate_lat: NullableColumn[Decimal] = UNSET
    coordinate_lon: NullableColumn[Decimal] = UNSET
    ai_enabled: NullableColumn[bool] = UNSET
    sync_enabled: NullableColumn[bool] = UNSET
    whatsapp_enabled: NullableColumn[bool] = UNSET
    whatsapp_connected: NullableColumn[bool] = UNSET
    created_at: NullableColumn[dt.datetime] = UNSET
    updated_at: NullableColumn[dt.datetime] = UNSET
    last_sync_at: NullableColumn[dt.datetime] = UNSET
    whatsapp_connected_at: NullableColumn[dt.datetime] = UNSET
    connected_at: NullableColumn[dt.datetime] = UNSET
    last_payment_date: NullableColumn[dt.datetime] = UNSET

    def __repr__(self) -> str:
        """Show which row it is, and none of its secret columns."""
        return f"Company(company_id={self.company_id!r})"


class CompanyMethods(Methods[Company]):
    """What is asked of companies; `upsert` conflicts on company_id."""

    table_name = "companies"
    row_type = Company
    key = ("company_id",)

    @conversation
    def find_by_company_id(self, company_id: int) -> Steps[Company | None]:
        """Return the company of a tenant's number, which is not yclients_id."""
        return self.table.find_one([eq("company_id", company_id)])

    @conversation
    def find_by_yclients_id(self, yclients_id: int) -> Steps[Company | None]:
        """Return the company of an external number."""
        return self.table.find_one([eq("yclients_id", yclients_id)])

    @conversation
    def find_connected(self) -> Steps[list[Company]]:
        """Return the companies whose WhatsApp is connected, those connected longest first."""
        order = [Order("whatsapp_connected_at")]
        return self.table.find_many([eq("whatsapp_connected", True)], order, ALL, None)

    @conversation
    def count_connected(self) -> Steps[int]:
        """Return how many companies' WhatsApp is connected."""
        return self.table.count([eq("whatsapp_connected", True)])

    @conversation
    def upsert_by_yclients_id(self, row: Company) -> Steps[Company]:
        """Upsert a company that is known by its external number."""
        return self.table.upsert(row, ("yclients_id",))


class CompanyRepository(CompanyMethods, Repository[Company]):
    """Companies."""


class AsyncCompanyRepository(CompanyMethods, AsyncRepository[Company]):
    """Companies, awaited."""
