"""Methods 19 to 21: the salon itself, and whether its database answers."""

from collections.abc import Mapping
from typing import Any, Final

from changeover import eq
from salon.layer import argument
from salon.layer.call import call
from salon.layer.driver import Methods
from salon.layer.operation import Answer, Read, Row, Steps, read_one, write
from salon.layer.row import Form, prepared

FORM: Final = Form(
    table="companies",
    conflict=("company_id",),
    needed={"company_id": argument.number, "title": argument.text},
    zoned=frozenset(
        {
            "created_at",
            "updated_at",
            "last_sync_at",
            "whatsapp_connected_at",
            "connected_at",
            "last_payment_date",
        }
    ),
    stamps=("updated_at",),
)


class CompanyMethods(Methods):
    """What is asked of salons."""

    @call
    def get_company(self, company_id: int | str) -> Steps[Row | None]:
        """Return the salon of a number, or None.

        Args:
            company_id: The salon's number here, which is not its number in the external system.
        """
        own = eq("company_id", argument.number("company_id", company_id))
        return Answer((yield from read_one(FORM.table, own)))

    @call
    def upsert_company(self, company: Mapping[str, Any]) -> Steps[Row]:
        """Write a salon and return its row; columns that are missing are left alone.

        Args:
            company: Columns of the row; company_id and title are needed.
        """
        rows = yield from write(prepared(FORM, [company], self.now()))
        return Answer(rows[0])

    @call
    def health_check(self) -> Steps[Row]:
        """Read one salon's number within the limit of a health check.

        Returns:
            healthy, responseTime and maxTimeout; both times in milliseconds.

        Raises:
            TimedOutError: The database took longer.
        """
        limit_ms = self.setup.settings.health_timeout_ms
        began_s = self.setup.timer()
        yield Read(table=FORM.table, columns=("id", "company_id"), limit=1, timeout_ms=limit_ms)
        taken_ms = round((self.setup.timer() - began_s) * 1000)
        return Answer({"healthy": True, "responseTime": taken_ms, "maxTimeout": limit_ms})
