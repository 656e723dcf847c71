"""Which bookings were reminded of: one row for a booking, claimed before anything is sent."""

import datetime as dt
from collections.abc import Generator
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
    not_true,
)
from salon.repository.column import Column, NullableColumn, between


class Reminder(msgspec.Struct, kw_only=True):
    """A row of reminders. Appointments are the salon's wall time, the rest is UTC wall time."""

    id: Column[int] = UNSET
    client_id: Column[int] = UNSET
    record_id: Column[int] = UNSET
    appointment_datetime: Column[dt.datetime] = UNSET
    day_before_sent_at: NullableColumn[dt.datetime] = UNSET
    hour_before_sent_at: NullableColumn[dt.datetime] = UNSET
    created_at: NullableColumn[dt.datetime] = UNSET
    updated_at: NullableColumn[dt.datetime] = UNSET
    day_before_sent: NullableColumn[bool] = UNSET
    day_before_confirmed: NullableColumn[bool] = UNSET
    hour_before_sent: NullableColumn[bool] = UNSET
    status: NullableColumn[str] = UNSET
    metadata: Any = UNSET


class ReminderMethods(Methods[Reminder]):
    """What is asked of reminders; upserts conflict on the booking's number."""

    table_name = "reminders"
    row_type = Reminder
    key = ("record_id",)

    @conversation
    def claim_day_before(
        self, record_id: int, now: dt.datetime
    ) -> Generator[Any, Any, Reminder | None]:
        """Take the day-before reminder of a booking; None if somebody has, or there is none.

        Claim first, send only what was claimed: of any number of senders one gets the row.

        Args:
            record_id: The booking's external number.
            now: UTC wall time.
        """
        return (yield from self._claim(record_id, "day_before_sent", now))

    @conversation
    def claim_hour_before(
        self, record_id: int, now: dt.datetime
    ) -> Generator[Any, Any, Reminder | None]:
        """Take the hour-before reminder of a booking; see `claim_day_before`."""
        return (yield from self._claim(record_id, "hour_before_sent", now))

    def _claim(
        self, record_id: int, flag: str, now: dt.datetime
    ) -> Generator[Any, Any, Reminder | None]:
        filters = [eq("record_id", record_id), not_true(flag)]
        claimed = yield from self.table.update(filters, {flag: True, f"{flag}_at": now})
        return claimed[0] if claimed else None

    @conversation
    def find_for_evening(self, start: dt.datetime, end: dt.datetime) -> Steps[list[Reminder]]:
        """Return what nobody claimed for the day before, between two wall times."""
        return self._unclaimed("day_before_sent", start, end)

    @conversation
    def find_for_hour(self, start: dt.datetime, end: dt.datetime) -> Steps[list[Reminder]]:
        """Return what nobody claimed for the hour before, between two wall times."""
        return self._unclaimed("hour_before_sent", start, end)

    def _unclaimed(self, flag: str, start: dt.datetime, end: dt.datetime) -> Steps[list[Reminder]]:
        filters = [*between("appointment_datetime", start, end), not_true(flag)]
        return self.table.find_many(filters, [Order("appointment_datetime")], ALL, None)

    @conversation
    def find_history(self, client_id: int, limit: int = 100) -> Steps[list[Reminder]]:
        """Return a client's reminders, the latest appointment first."""
        order = [Order("appointment_datetime", is_falling=True)]
        return self.table.find_many([eq("client_id", client_id)], order, limit, None)


class ReminderRepository(ReminderMethods, Repository[Reminder]):
    """Reminders."""


class AsyncReminderRepository(ReminderMethods, AsyncRepository[Reminder]):
    """Reminders, awaited."""
