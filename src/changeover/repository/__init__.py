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
    is_true,
    lt,
    lte,
    neq,
    not_null,
    not_true,
)
from changeover.repository.connection import AsyncDatabase, Database, connect, connect_async
from changeover.repository.conversation import Conversation, conversation
from changeover.repository.fault import error_of
from changeover.repository.repository import AsyncRepository, Methods, Repository
from changeover.repository.table import Steps, Table

__all__ = [
    "ALL",
    "AsyncDatabase",
    "AsyncRepository",
    "Conversation",
    "Database",
    "Filter",
    "Methods",
    "Order",
    "Repository",
    "Steps",
    "Table",
    "any_of",
    "connect",
    "connect_async",
    "conversation",
    "eq",
    "error_of",
    "gt",
    "gte",
    "ilike",
    "in_",
    "is_null",
    "is_true",
    "lt",
    "lte",
    "neq",
    "not_null",
    "not_true",
]
