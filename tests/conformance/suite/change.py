"""Section 5: updates, deletes and PUT."""

from suite.case import delete, error, patch, rule

REPRESENTATION = "return=representation"
SINGULAR = "application/vnd.pgrst.object+json"
PUT_FILTERS = error(
    "PGRST105", "Filters must include all and only primary key columns with 'eq' operators"
)
PUT_WINDOW = error("PGRST114", "limit/offset querystring parameters are not allowed for PUT")
PUT_KEY = error("PGRST115", "Payload values do not match URL in primary key column(s)")


def not_one(rows):
    """Return the refusal of a singular answer."""
    return error(
        "PGRST116",
        "Cannot coerce the result to a single JSON object",
        f"The result contains {rows} rows",
    )


RULES = (
    rule(
        "update",
        "§5",
        1,
        "PATCH changes the rows that the filters choose",
        patch(
            "/tower?id=eq.1", {"name": "x"}, [{"id": 1, "name": "x"}], 200, prefer=REPRESENTATION
        ),
        patch(
            "/tower?or=(id.eq.1,id.eq.2)&select=name",
            {"name": "x"},
            [{"name": "x"}, {"name": "x"}],
            200,
            prefer=REPRESENTATION,
        ),
        patch(
            "/tower?id=eq.1", [{"name": "x"}], [{"id": 1, "name": "x"}], 200, prefer=REPRESENTATION
        ),
        patch(
            "/item?id=eq.1&select=id,name,doubled",
            {"size": 50},
            [{"id": 1, "name": "one", "doubled": 100}],
            200,
            prefer=REPRESENTATION,
        ),
        patch("/tower?id=eq.2&select=id", {"id": 55}, [{"id": 55}], 200, prefer=REPRESENTATION),
        patch(
            "/tower?name=eq.east",
            {"name": "moved"},
            [{"id": 1, "name": "moved"}],
            200,
            prefer=REPRESENTATION,
        ),
        patch(
            "/tower?or=(name.eq.east,id.eq.99)",
            {"name": "moved"},
            [{"id": 1, "name": "moved"}],
            200,
            prefer=REPRESENTATION,
        ),
    ),
    rule(
        "update-empty",
        "§5",
        1,
        "PATCH with {} or [] runs no UPDATE",
        patch("/tower?id=eq.1", {}, text=""),
        patch("/tower?id=eq.1", [], text=""),
        patch(
            "/tower?id=eq.1", {}, [], 200, prefer=REPRESENTATION, answer={"Content-Range": "*/*"}
        ),
        patch("/item_door?id=eq.1", {}, text=""),
    ),
    rule(
        "update-default",
        "§5",
        2,
        "Listed in columns= but absent: null, or the default under missing=default",
        patch(
            "/item?id=eq.2&columns=kind&select=id,kind",
            {},
            [{"id": 2, "kind": None}],
            200,
            prefer=REPRESENTATION,
        ),
        patch(
            "/item?id=eq.2&columns=kind&select=id,kind",
            {},
            [{"id": 2, "kind": "plain"}],
            200,
            prefer=REPRESENTATION + ",missing=default",
            answer={"Preference-Applied": "missing=default, return=representation"},
        ),
    ),
    rule(
        "update-all",
        "§5",
        1,
        "Without a filter every row is hit; limit and offset do not stop it",
        patch(
            "/tower?select=id", {"name": "x"}, [{"id": 1}, {"id": 2}], 200, prefer=REPRESENTATION
        ),
        patch(
            "/tower?limit=1&order=id&select=id",
            {"name": "x"},
            [{"id": 1}, {"id": 2}],
            200,
            prefer=REPRESENTATION,
        ),
        patch(
            "/tower?limit=1&offset=1&select=id",
            {"name": "x"},
            [{"id": 1}, {"id": 2}],
            200,
            prefer=REPRESENTATION,
        ),
        delete("/part?select=id", [{"id": 1}, {"id": 2}, {"id": 3}], 200, prefer=REPRESENTATION),
        delete(
            "/part?limit=1&order=id&select=id",
            [{"id": 1}, {"id": 2}, {"id": 3}],
            200,
            prefer=REPRESENTATION,
        ),
    ),
)
