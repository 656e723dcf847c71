"""Where a dialogue with a client stands."""

import datetime as dt
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET

from changeover import (
    AsyncRepository,
    InvalidFilterError,
    Methods,
    Order,
    Repository,
    Steps,
    conversation,
    eq,
    gte,
)
from salon.repository.column import Column, NullableColumn


class DialogContext(msgspec.Struct, kw_only=True):
    """A row of dialog_contexts. `user_id` is the normalised phone; `company_id` is text here."""

    id: Column[UUID] = UNSET
    user_id: Column[str] = UNSET
    state: NullableColumn[str] = UNSET
    session_type: NullableColumn[str] = UNSET
    company_id: NullableColumn[str] = UNSET
    client_id: NullableColumn[int] = UNSET
    last_booking_id: NullableColumn[int] = UNSET
    message_count: NullableColumn[int] = UNSET
    data: Any = UNSET
    context_metadata: Any = UNSET
    messages: Any = UNSET
    created_at: NullableColumn[dt.datetime] = UNSET
    updated_at: NullableColumn[dt.datetime] = UNSET
    last_activity: NullableColumn[dt.datetime] = UNSET


class DialogContextMethods(Methods[DialogContext]):
    """What is asked of dialogues; `upsert` conflicts on user_id: one dialogue for a phone."""

    table_name = "dialog_contexts"
    row_type = DialogContext
    key = ("user_id",)

    @conversation
    def find_by_user(self, user_id: str) -> Steps[DialogContext | None]:
        """Return the dialogue of a phone."""
        return self.table.find_one([eq("user_id", user_id)])

    @conversation
    def find_by_user_and_company(
        self, user_id: str, company_id: str
    ) -> Steps[DialogContext | None]:
        """Return the dialogue of a phone with a company; None if it is with another."""
        return self.table.find_one([eq("user_id", user_id), eq("company_id", company_id)])

    @conversation
    def find_recent(
        self, company_id: str, since: dt.datetime, limit: int = 100
    ) -> Steps[list[DialogContext]]:
        """Return a company's dialogues that were active since a moment, the latest first."""
        return self.table.find_many(
            [eq("company_id", company_id), gte("last_activity", since)],
            [Order("last_activity", is_falling=True)],
            limit,
            None,
        )

    @conversation
    def upsert_with_messages(self, row: DialogContext) -> Steps[DialogContext]:
        """Upsert a dialogue and its messages; it conflicts on user_id and company_id.

        Raises:
            InvalidFilterError: If the row has no messages.
            DuplicateKeyError: If the phone has a dialogue with another company.
        """
        if not isinstance(row.messages, list):
            raise InvalidFilterError(
                "the dialogue comes without its list of messages", hint="use upsert for the rest"
            )
        return self.table.upsert(row, ("user_id", "company_id"))


class DialogContextRepository(DialogContextMethods, Repository[DialogContext]):
    """Dialogues."""


class AsyncDialogContextRepository(DialogContextMethods, AsyncRepository[DialogContext]):
    """Dialogues, awaited."""
