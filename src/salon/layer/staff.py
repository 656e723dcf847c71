"""Methods 10 to 13 and 15: staff, and who works when."""

import datetime as dt
from collections.abc import Generator, Mapping, Sequence
from typing import Any, Final

from changeover import Filter, Order, eq, gte, ilike, in_, lte
from salon.layer import argument
from salon.layer.call import call
from salon.layer.driver import Methods
from salon.layer.operation import Answer, Operation, Read, Row, Steps, read_one, write
from salon.layer.row import Form, batch, prepared

INTEGER_MAX: Final = 2**31 - 1
"""Schedules hold external numbers in an integer column, staff in a bigint one."""

SCHEDULES: Final = Form(
    table="staff_schedules",
    conflict=("staff_id", "date"),
    needed={"staff_id": argument.number, "date": argument.day, "staff_name": argument.text},
    local=frozenset({"last_updated"}),
    stamps=("last_updated",),
    returned=("staff_id", "date", "is_working"),
)


class StaffMethods(Methods):
    """What is asked of staff and schedules."""

    @call
    def get_staff_by_id(self, staff_id: int | str, company_id: int | str) -> Steps[Row | None]:
        """Return who has an external number, or None.

        Args:
            staff_id: The external number.
            company_id: The salon's number.
        """
        own = eq("yclients_id", argument.number("staff_id", staff_id))
        company = eq("company_id", argument.number("company_id", company_id))
        return Answer((yield from read_one("staff", own, company)))

    @call
    def get_staff_schedules(  # noqa: PLR0917 - the application's signature
        self,
        company_id: int | str | None = None,
        staff_id: int | str | None = None,
        staff_name: str | None = None,
        date_from: dt.date | str | None = None,
        date_to: dt.date | str | None = None,
        is_working: bool | None = None,  # noqa: FBT001 - the application's signature
        limit: int | None = 100,
    ) -> Steps[list[Row]]:
        """Return days by date and name; each condition holds only if it is given.

        Args:
            company_id: The salon's number; schedules have none, so it holds through its staff.
            staff_id: Somebody's external number.
            staff_name: A part of the name, as in `search_clients_by_name`.
            date_from: The first day.
            date_to: The last day; both are included.
            is_working: Whether somebody works on it.
            limit: Rows at the most; None is the default, too many are the greatest limit.
        """
        settings = self.setup.settings
        rows_max = argument.limit(limit, settings.default_limit, settings.max_limit)
        given = _given(company_id, staff_id, staff_name, (date_from, date_to), is_working)
        filters = [make(given[name]) for name, make in _CONDITIONS.items() if name in given]
        numbers: list[int] | None = None
        if "companyId" in given:
            own = [eq("yclients_id", given["staffId"])] if "staffId" in given else []
            numbers = yield from _numbers(eq("company_id", given["companyId"]), *own)
            filters.append(in_("staff_id", numbers))
        query = {**given, "limit": rows_max}
        if numbers == []:
            return Answer([], {"query": query, "recordCount": 0})
        found = yield Read(
            table="staff_schedules",
            filters=tuple(filters),
            order=(Order("date"), Order("staff_name")),
            limit=rows_max,
        )
        return Answer(found, {"query": query, "recordCount": len(found)})

    @call
    def get_staff_schedule(self, staff_id: int | str, date: dt.date | str) -> Steps[Row | None]:
        """Return somebody's day, or None.

        Args:
            staff_id: The external number.
            date: The day; a moment is refused.
        """
        own = eq("staff_id", argument.number("staff_id", staff_id))
        return Answer(
            (yield from read_one("staff_schedules", own, eq("date", argument.day("date", date))))
        )

    @call
    def upsert_staff_schedules(
        self, schedules: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> Steps[list[Row]]:
        """Write days and return them in the given order; what `upsert_clients` says holds here.

        Args:
            schedules: One row, or a list of 1 to 500; staff_id, date and staff_name are needed.

        Returns:
            staff_id, date and is_working of each.
        """
        rows = batch(schedules, self.setup.settings.max_batch_rows)
        found = yield from write(prepared(SCHEDULES, rows, self.now()))
        return Answer(found, {"inputCount": len(rows), "processedCount": len(found)})

    @call
    def get_staff(
        self,
        company_id: int | str,
        include_inactive: bool = False,  # noqa: FBT001, FBT002 - the application's signature
    ) -> Steps[list[Row]]:
        """Return all of a salon's staff by name.

        Args:
            company_id: The salon's number.
            include_inactive: Whether those come too who are inactive, or of whom it is unknown.
        """
        company = argument.number("company_id", company_id)
        is_whole = argument.flag("include_inactive", include_inactive)
        active = () if is_whole else (eq("is_active", True),)
        found = yield Read(
            table="staff",
            filters=(eq("company_id", company), *active),
            order=(Order("name"),),
            limit=None,
        )
        metadata = {
            "companyId": company,
            "includeInactive": is_whole,
            "staffCount": len(found),
        }
        return Answer(found, metadata)


_CONDITIONS: Final[Mapping[str, Any]] = {
    "staffId": lambda value: eq("staff_id", value),
    "staffName": lambda value: ilike("staff_name", argument.pattern("staff_name", value)),
    "dateFrom": lambda value: gte("date", value),
    "dateTo": lambda value: lte("date", value),
    "isWorking": lambda value: eq("is_working", value),
}


def _given(
    company_id: Any, staff_id: Any, staff_name: Any, days: tuple[Any, Any], is_working: Any
) -> dict[str, Any]:
    """Return the conditions that were given, checked, by their original names."""
    checks: dict[str, tuple[Any, Any, str]] = {
        "companyId": (company_id, argument.number, "company_id"),
        "staffId": (staff_id, argument.number, "staff_id"),
        "staffName": (staff_name, argument.text, "staff_name"),
        "dateFrom": (days[0], argument.day, "date_from"),
        "dateTo": (days[1], argument.day, "date_to"),
        "isWorking": (is_working, argument.flag, "is_working"),
    }
    return {
        key: check(name, value) for key, (value, check, name) in checks.items() if value is not None
    }


def _numbers(*filters: Filter) -> Generator[Operation, list[Row], list[int]]:
    """Return the external numbers of staff."""
    rows = yield Read(
        table="staff",
        filters=filters,
        order=(Order("yclients_id"),),
        columns=("id", "yclients_id"),
        limit=None,
    )
    return [row["yclients_id"] for row in rows if row["yclients_id"] <= INTEGER_MAX]
