"""Methods 14 and 16 to 18: what a salon offers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from changeover import Order, eq
from salon.layer import argument
from salon.layer.call import call
from salon.layer.driver import Methods
from salon.layer.operation import Answer, Read, Row, Steps, read_one, write
from salon.layer.row import Form, batch, prepared

FORM: Final = Form(
    table="services",
    conflict=("yclients_id", "company_id"),
    needed={
        "yclients_id": argument.number,
        "company_id": argument.number,
        "title": argument.text,
    },
    local=frozenset({"created_at", "updated_at", "last_sync_at"}),
    stamps=("updated_at", "last_sync_at"),
    returned=("id", "yclients_id", "title"),
)
LISTING: Final = (Order("weight", is_falling=True), Order("title"))


class ServiceMethods(Methods):
    """What is asked of services."""

    @call
    def get_services(
        self,
        company_id: int | str,
        include_inactive: bool = False,  # noqa: FBT001, FBT002 - the application's signature
    ) -> Steps[list[Row]]:
        """Return all of a salon's services; the heaviest first, those without a weight before them.

        Args:
            company_id: The salon's number.
            include_inactive: Whether those come too that are inactive, or of which it is unknown.
        """
        company = argument.number("company_id", company_id)
        is_whole = argument.flag("include_inactive", include_inactive)
        active = () if is_whole else (eq("is_active", True),)
        found = yield Read(
            table="services",
            filters=(eq("company_id", company), *active),
            order=LISTING,
            limit=None,
        )
        metadata = {
            "companyId": company,
            "includeInactive": is_whole,
            "serviceCount": len(found),
        }
        return Answer(found, metadata)

    @call
    def get_service_by_id(
        self, yclients_id: int | str, company_id: int | str | None = None
    ) -> Steps[Row | None]:
        """Return the service of an external number, or None.

        Args:
            yclients_id: The external number.
            company_id: The salon's number. None searches all salons, which application code
                never does.

        Raises:
            MultipleRowsError: Two salons have a service of that number.
        """
        own = eq("yclients_id", argument.number("yclients_id", yclients_id))
        company = argument.of_company(company_id)
        return Answer((yield from read_one("services", own, *company)))

    @call
    def get_services_by_category(
        self, company_id: int | str, category_id: int | str
    ) -> Steps[list[Row]]:
        """Return all active services of a category, in the order of `get_services`.

        Args:
            company_id: The salon's number.
            category_id: The category's number.
        """
        company = argument.number("company_id", company_id)
        category = argument.number("category_id", category_id)
        found = yield Read(
            table="services",
            filters=(
                eq("company_id", company),
                eq("category_id", category),
                eq("is_active", True),
            ),
            order=LISTING,
            limit=None,
        )
        return Answer(found, {"categoryId": category})

    @call
    def upsert_services(
        self, services: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> Steps[list[Row]]:
        """Write services and return them in the given order; what `upsert_clients` says holds here.

        Args:
            services: One row, or a list of 1 to 500; yclients_id, company_id and title are needed.

        Returns:
            id, yclients_id and title of each.
        """
        rows = batch(services, self.setup.settings.max_batch_rows)
        found = yield from write(prepared(FORM, rows, self.now()))
        return Answer(found, {"inputCount": len(rows), "processedCount": len(found)})
