"""Typed rows of one table, for those who write new code: `Repository[T]` over any store.

It speaks the same language as the official client, so it works alike on PostgreSQL, on Supabase and
through the routing between them. It knows tables from the catalog, and no driver.
"""

from changeover.repository.condition import (
    ALL,
    Filter,
    Order,
    any_of,
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
from changeover.repository.connection import AsyncDatabase, Database, connect, connect_async
from changeover.repository.repository import AsyncRepository, Repository

__all__ = [
    "ALL",
    "AsyncDatabase",
    "AsyncRepository",
    "Database",
    "Filter",
    "Order",
    "Repository",
    "any_of",
    "connect",
    "connect_async",
    "eq",
    "gt",
    "gte",
    "ilike",
    "in_",
    "is_null",
    "lt",
    "lte",
    "neq",
    "not_null",
]
