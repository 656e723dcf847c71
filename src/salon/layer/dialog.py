"""Methods 1 and 2: a client's dialogue, one row for each phone whatever the salon."""

from collections.abc import Mapping
from typing import Any, Final

from changeover import eq
from salon.layer import argument
from salon.layer.call import call
from salon.layer.driver import Methods
from salon.layer.operation import Answer, Row, Steps, read_one, write
from salon.layer.row import Form, prepared

FORM: Final = Form(
    table="dialog_contexts",
    conflict=("user_id",),
    needed={"user_id": argument.text},
    zoned=frozenset({"created_at", "updated_at", "last_activity"}),
    stamps=("last_activity", "updated_at"),
)


class DialogMethods(Methods):
    """What is asked of dialogues."""

    @call
    def get_dialog_context(self, user_id: str) -> Steps[Row | None]:
        """Return somebody's dialogue, or None.

        Args:
            user_id: The normalised phone, as it is stored.
        """
        found = yield from read_one(FORM.table, eq("user_id", argument.text("user_id", user_id)))
        return Answer(found)

    @call
    def upsert_dialog_context(self, context: Mapping[str, Any]) -> Steps[Row]:
        """Write a dialogue and return its row; columns that are missing are left alone.

        Args:
            context: Columns of the row; `user_id` is needed.
        """
        rows = yield from write(prepared(FORM, [context], self.now()))
        return Answer(rows[0])
