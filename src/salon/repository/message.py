"""What was written by WhatsApp, to the salon and by it; partitioned by months."""

import datetime as dt
from collections.abc import Generator
from typing import Any, Final

import msgspec
from msgspec import UNSET

from changeover import (
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

_LATEST: Final = (Order("created_at", is_falling=True),)


class Message(msgspec.Struct, kw_only=True):
    """A row of messages. `created_at` is the time stamp that WhatsApp gave the message."""

    id: Column[int] = UNSET
    company_id: Column[int] = UNSET
    phone: Column[str] = UNSET
    direction: Column[str] = UNSET
    message: NullableColumn[str] = UNSET
    message_id: NullableColumn[str] = UNSET
    status: NullableColumn[str] = UNSET
    ai_response: NullableColumn[str] = UNSET
    intent: NullableColumn[str] = UNSET
    from_me: Column[bool] = UNSET
    processed: NullableColumn[bool] = UNSET
    processing_time_ms: NullableColumn[int] = UNSET
    context_id: NullableColumn[int] = UNSET
    processed_at: NullableColumn[dt.datetime] = UNSET
    created_at: Column[dt.datetime] = UNSET


class MessageMethods(Methods[Message]):
    """What is asked of messages.

    Upserts conflict on company, WhatsApp's id and WhatsApp's time stamp, so that a message that is
    delivered twice is one row. `since` lets older partitions be left out.
    """

    table_name = "messages"
    row_type = Message
    key = ("company_id", "message_id", "created_at")

    @conversation
    def find_feed(
        self, company_id: int, since: dt.datetime, limit: int = 100
    ) -> Steps[list[Message]]:
        """Return a company's messages since a moment, the latest first."""
        filters = [eq("company_id", company_id), gte("created_at", since)]
        return self.table.find_many(filters, _LATEST, limit, None)

    @conversation
    def find_recent(
        self, company_id: int, phone: str, since: dt.datetime, limit: int = 50
    ) -> Steps[list[Message]]:
        """Return what was written with a phone since a moment, the latest first."""
        filters = [eq("company_id", company_id), eq("phone", phone), gte("created_at", since)]
        return self.table.find_many(filters, _LATEST, limit, None)

    @conversation
    def is_active(self, phone: str, since: dt.datetime) -> Steps[bool]:
        """Return whether somebody has written since a moment, such as five minutes ago."""
        return self.table.exists(
            [eq("phone", phone), eq("direction", "inbound"), gte("created_at", since)]
        )

    @conversation
    def count_since(self, company_id: int, direction: str, since: dt.datetime) -> Steps[int]:
        """Return how many messages of a direction there were since a moment."""
        return self.table.count(
            [eq("company_id", company_id), eq("direction", direction), gte("created_at", since)]
        )

    @conversation
    def find_by_intent(
        self, intent: str, since: dt.datetime, limit: int = 100
    ) -> Steps[list[Message]]:
        """Return messages of an intent since a moment, the latest first."""
        filters = [eq("intent", intent), gte("created_at", since)]
        return self.table.find_many(filters, _LATEST, limit, None)

    @conversation
    def find_by_status(
        self, status: str, since: dt.datetime, limit: int = 100
    ) -> Steps[list[Message]]:
        """Return messages of a delivery status since a moment, the latest first."""
        filters = [eq("status", status), gte("created_at", since)]
        return self.table.find_many(filters, _LATEST, limit, None)

    @conversation
    def find_unprocessed(self, limit: int = 100) -> Steps[list[Message]]:
        """Return the worker's queue: messages that wait, the oldest first."""
        return self.table.find_many([eq("processed", False)], [Order("created_at")], limit, None)

    @conversation
    def mark_processed(
        self, message_id: int, created_at: dt.datetime, now: dt.datetime
    ) -> Generator[Any, Any, bool]:
        """Take a message out of the queue; return whether it was there."""
        changed = yield from self.table.update(
            [eq("id", message_id), eq("created_at", created_at), eq("processed", False)],
            {"processed": True, "processed_at": now},
        )
        return bool(changed)


class MessageRepository(MessageMethods, Repository[Message]):
    """Messages."""


class AsyncMessageRepository(MessageMethods, AsyncRepository[Message]):
    """Messages, awaited."""
