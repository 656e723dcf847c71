"""Who works when: one row for somebody's day."""

import datetime as dt
from collections.abc import Generator, Sequence
from typing import Any, ClassVar

import msgspec
from msgspec import UNSET

from changeover import (
    ALL,
    AsyncRepository,
    Filter,
    Methods,
    Order,
    Repository,
    Steps,
    conversation,
    eq,
    gte,
    ilike,
    in_,
    lt,
    lte,
)
from salon.repository.column import Column, NullableColumn, containing


class StaffSchedule(msgspec.Struct, kw_only=True):
    """A row of staff_schedules. `staff_id` is the external number; there is no company column."""

    id: Column[int] = UNSET
    staff_id: Column[int] = UNSET
    staff_name: Column[str] = UNSET
    date: Column[dt.date] = UNSET
    is_working: Column[bool] = UNSET
    has_booking_slots: NullableColumn[bool] = UNSET
    work_start: NullableColumn[dt.time] = UNSET
    work_end: NullableColumn[dt.time] = UNSET
    working_hours: Any = UNSET
    last_updated: Column[dt.datetime] = UNSET


class StaffDay(msgspec.Struct, kw_only=True):
    """Which day of whom a row is."""

    id: int
    staff_id: int
    date: dt.date


def _days(date_from: dt.date | None, date_to: dt.date | None) -> list[Filter]:
    """Both days are included; None leaves that side open."""
    lower = [] if date_from is None else [gte("date", date_from)]
    return lower if date_to is None else [*lower, lte("date", date_to)]


class StaffScheduleMethods(Methods[StaffSchedule]):
    """What is asked of schedules; upserts conflict on the external number and the day."""

    table_name = "staff_schedules"
    row_type = StaffSchedule
    beside: ClassVar = {StaffDay: "staff_schedules"}
    key = ("staff_id", "date")
    batch_rows = 200
    listing = (Order("date"), Order("staff_name"))

    @conversation
    def find_schedules(
        self,
        *,
        staff_ids: Sequence[int] | None = None,
        staff_name: str | None = None,
        date_from: dt.date | None = None,
        date_to: dt.date | None = None,
        is_working: bool | None = None,
        limit: int = 100,
    ) -> Steps[list[StaffSchedule]]:
        """Return days by date and name; each condition holds only if it is given."""
        filters = _days(date_from, date_to)
        if staff_ids is not None:
            filters.append(in_("staff_id", staff_ids))
        if staff_name is not None and containing(staff_name):
            filters.append(ilike("staff_name", containing(staff_name)))
        if is_working is not None:
            filters.append(eq("is_working", is_working))
        return self.table.find_many(filters, self.listing, limit, None)

    @conversation
    def find_schedule(self, staff_id: int, date: dt.date) -> Steps[StaffSchedule | None]:
        """Return somebody's day."""
        return self.table.find_one([eq("staff_id", staff_id), eq("date", date)])

    @conversation
    def find_by_staff_ids_and_range(
        self, staff_ids: Sequence[int], date_from: dt.date, date_to: dt.date
    ) -> Steps[list[StaffSchedule]]:
        """Return all days of some staff between two days, both included."""
        filters = [in_("staff_id", staff_ids), *_days(date_from, date_to)]
        return self.table.find_many(filters, self.listing, ALL, None)

    @conversation
    def find_working_on(self, date: dt.date) -> Steps[list[StaffSchedule]]:
        """Return who works on a day, by number."""
        filters = [eq("date", date), eq("is_working", True)]
        return self.table.find_many(filters, [Order("staff_id")], ALL, None)

    @conversation
    def find_with_slots(self, date_from: dt.date, date_to: dt.date) -> Steps[list[StaffSchedule]]:
        """Return all days with free slots between two days, both included."""
        filters = [*_days(date_from, date_to), eq("has_booking_slots", True)]
        return self.table.find_many(filters, [Order("date"), Order("staff_id")], ALL, None)

    @conversation
    def delete_older_than(self, today: dt.date, days: int = 7) -> Generator[Any, Any, int]:
        """Remove days that are more than so many days ago, and return how many went."""
        oldest = today - dt.timedelta(days=days)
        gone = yield from self.table_of(StaffDay).delete([lt("date", oldest)])
        return len(gone)


class StaffScheduleRepository(StaffScheduleMethods, Repository[StaffSchedule]):
    """Schedules."""


class AsyncStaffScheduleRepository(StaffScheduleMethods, AsyncRepository[StaffSchedule]):
    """Schedules, awaited."""
