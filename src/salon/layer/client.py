"""Methods 3, 4, 7, 8 and 9: the salons' clients."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from changeover import Order, eq, ilike
from salon.layer import argument
from salon.layer.call import call
from salon.layer.driver import Methods
from salon.layer.operation import Answer, Read, Row, Steps, read_one, write
from salon.layer.row import Form, batch, prepared
from salon.phone import normalise

FOUND: Final = (
    "id",
    "yclients_id",
    "name",
    "phone",
    "email",
    "visit_count",
    "total_spent",
    "loyalty_level",
    "last_visit_date",
)
"""The columns of a client that a search finds."""


def _name(name: str, value: Any) -> str:
    return argument.text(name, value).strip()


def _phone(name: str, value: Any) -> str:  # noqa: ARG001 - the check of a column
    return normalise(value)


def _completed(row: Row, given: Mapping[str, Any]) -> Row:
    """Keep the phone as it came in."""
    return {"raw_phone": argument.text("phone", given["phone"]), **row}


def _form(returned: tuple[str, ...] = ()) -> Form:
    return Form(
        table="clients",
        conflict=("yclients_id", "company_id"),
        needed={
            "yclients_id": argument.number,
            "company_id": argument.number,
            "name": _name,
            "phone": _phone,
        },
        local=frozenset({"created_at", "updated_at", "last_sync_at", "last_ai_interaction"}),
        days=frozenset({"first_visit_date", "last_visit_date"}),
        stamps=("updated_at",),
        returned=returned,
        completed=_completed,
    )


ONE: Final = _form()
MANY: Final = _form(("id", "yclients_id", "name", "phone"))


class ClientMethods(Methods):
    """What is asked of clients."""

    @call
    def get_client_by_phone(
        self, phone: str, company_id: int | str | None = None
    ) -> Steps[Row | None]:
        """Return the client of a phone, or None.

        Args:
            phone: In any spelling.
            company_id: The salon's number. None searches all salons, which application code
                never does.

        Raises:
            MultipleRowsError: Two clients have it.
        """
        digits = normalise(phone)
        company = argument.of_company(company_id)
        return Answer((yield from read_one("clients", eq("phone", digits), *company)))

    @call
    def get_client_by_id(
        self, yclients_id: int | str, company_id: int | str | None = None
    ) -> Steps[Row | None]:
        """Return the client of an external number, or None.

        Args:
            yclients_id: The external number.
            company_id: The salon's number. None searches all salons, which application code
                never does.

        Raises:
            MultipleRowsError: Two salons have a client of that number.
        """
        own = eq("yclients_id", argument.number("yclients_id", yclients_id))
        company = argument.of_company(company_id)
        return Answer((yield from read_one("clients", own, *company)))

    @call
    def search_clients_by_name(
        self, company_id: int | str, name: str, limit: int | None = None
    ) -> Steps[list[Row]]:
        r"""Return clients whose name holds a text, whatever the case; who came last comes first.

        Args:
            company_id: The salon's number.
            name: A part of the name; `%`, `_` and `\` are themselves, a `*` is left out.
            limit: Rows at the most; None is the default, too many are the greatest limit.
        """
        settings = self.setup.settings
        rows_max = argument.limit(limit, settings.default_limit, settings.max_limit)
        found = yield Read(
            table="clients",
            filters=(
                eq("company_id", argument.number("company_id", company_id)),
                ilike("name", argument.pattern("name", name)),
            ),
            order=(
                Order("last_visit_date", is_falling=True, are_nulls_last=True),
                Order("visit_count", is_falling=True, are_nulls_last=True),
            ),
            columns=FOUND,
            limit=rows_max,
        )
        return Answer(found, {"searchTerm": name, "limit": rows_max})

    @call
    def upsert_client(self, client: Mapping[str, Any]) -> Steps[Row]:
        """Write a client and return its row; columns that are missing are left alone.

        The name is trimmed, the phone normalised; `raw_phone` keeps it as it came in.

        Args:
            client: Columns of the row; yclients_id, company_id, name and phone are needed.
        """
        rows = yield from write(prepared(ONE, [client], self.now()))
        return Answer(rows[0])

    @call
    def upsert_clients(
        self, clients: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> Steps[list[Row]]:
        """Write clients, each as `upsert_client` does, and return them in the given order.

        Rows are written in one statement for each set of columns. On PostgreSQL all are one
        transaction. Over Supabase's API each statement is its own: if one is refused, those
        before it stay written, and the same call again does no harm.

        Args:
            clients: One row, or a list of 1 to 500.

        Returns:
            id, yclients_id, name and phone of each.

        Raises:
            InvalidArgumentError: It names every bad row by its index; none was written.
        """
        rows = batch(clients, self.setup.settings.max_batch_rows)
        found = yield from write(prepared(MANY, rows, self.now()))
        return Answer(found, {"inputCount": len(rows), "processedCount": len(found)})
