"""Methods 5 and 6: a client's visits, which lie in appointments_cache."""

from typing import Final

from changeover import Order, eq, gte, neq
from salon.layer import argument
from salon.layer.call import call
from salon.layer.driver import Methods
from salon.layer.moment import wall_time
from salon.layer.operation import Answer, Read, Row, Steps

ORDERS: Final = ("appointment_datetime", "created_at", "cost")
DIRECTIONS: Final = ("asc", "desc")
UPCOMING_ROWS: Final = 10


class VisitMethods(Methods):
    """What is asked of visits."""

    @call
    def get_client_appointments(
        self,
        client_id: int | str,
        company_id: int | str | None = None,
        limit: int | None = 100,
        order_by: str = "appointment_datetime",
        direction: str = "desc",
    ) -> Steps[list[Row]]:
        """Return a client's visits; falling, those without a value come first.

        Args:
            client_id: The client's external number.
            company_id: The salon's number; None searches all salons.
            limit: Rows at the most; None is the default, too many are the greatest limit.
            order_by: appointment_datetime, created_at or cost.
            direction: asc or desc.
        """
        settings = self.setup.settings
        client = argument.number("client_id", client_id)
        company = argument.of_company(company_id)
        rows_max = argument.limit(limit, settings.default_limit, settings.max_limit)
        column = argument.choice("order_by", order_by, ORDERS)
        is_falling = argument.choice("direction", direction, DIRECTIONS) == "desc"
        found = yield Read(
            table="appointments_cache",
            filters=(eq("client_id", client), *company),
            order=(Order(column, is_falling=is_falling),),
            limit=rows_max,
        )
        options = {
            "companyId": company[0].value if company else None,
            "limit": rows_max,
            "orderBy": column,
            "direction": direction,
        }
        return Answer(found, {"clientId": client, "recordCount": len(found), "options": options})

    @call
    def get_upcoming_appointments(
        self, client_id: int | str, company_id: int | str
    ) -> Steps[list[Row]]:
        """Return a client's next 10 visits, the earliest first; cancelled ones are left out.

        Those without a status are left out too. Now is the wall time of the salon.

        Args:
            client_id: The client's external number.
            company_id: The salon's number.
        """
        client = argument.number("client_id", client_id)
        company = argument.number("company_id", company_id)
        now = self.now()
        zones = yield Read(
            table="companies",
            filters=(eq("company_id", company),),
            columns=("id", "timezone"),
            limit=1,
        )
        wall = wall_time(now, zones[0]["timezone"] if zones else None)
        found = yield Read(
            table="appointments_cache",
            filters=(
                eq("client_id", client),
                eq("company_id", company),
                gte("appointment_datetime", wall),
                neq("status", "cancelled"),
            ),
            order=(Order("appointment_datetime"),),
            limit=UPCOMING_ROWS,
        )
        return Answer(found, {"clientId": client, "companyId": company, "recordCount": len(found)})
