"""Section 3: aggregates."""

from decimal import Decimal

from suite.case import error, get, rule

OFF = error("PGRST123", "Use of aggregate functions is not allowed")
SPREAD = error(
    "PGRST127",
    "Feature not implemented",
    "Aggregates are not implemented for one-to-many or many-to-many spreads.",
)

RULES = (
    rule(
        "aggregate-off",
        "§3",
        2,
        "Aggregates are refused unless they are enabled",
        get("/cargo?select=price.sum()", OFF, 400, profile="no-aggregates"),
        get("/cargo?select=count()", OFF, 400, profile="no-aggregates"),
        get("/ship?select=id,cargo(price.sum())", OFF, 400, profile="no-aggregates"),
    ),
    rule(
        "aggregate-functions",
        "§3",
        2,
        "sum, avg, max, min and count; the output is named by alias or function",
        get("/cargo?select=price.sum()", [{"sum": 250}]),
        get("/cargo?select=price.max()", [{"max": 100}]),
        get("/cargo?select=price.min()", [{"min": 30}]),
        get("/cargo?select=price.count()", [{"count": 4}]),
        get("/cargo?select=price.avg()", [{"avg": Decimal("62.5000000000000000")}]),
        get("/cargo?select=total:price.sum()", [{"total": 250}]),
        get("/cargo?select=weight.sum()", [{"sum": Decimal("23.75")}]),
        get("/cargo?select=price.sum(),price.max()", [{"sum": 250, "max": 100}]),
    ),
    rule(
        "aggregate-count",
        "§3",
        2,
        "count() alone counts rows",
        get("/cargo?select=count()", [{"count": 5}]),
        get("/cargo?select=n:count()", [{"n": 5}]),
        get("/cargo?select=kind,count()&kind=eq.salt", [{"kind": "salt", "count": 2}]),
    ),
    rule(
        "aggregate-group",
        "§3",
        2,
        "Every other item is grouped by",
        get(
            "/cargo?select=kind,weight.sum()&order=kind",
            [
                {"kind": "coal", "sum": Decimal("17.75")},
                {"kind": "fish", "sum": Decimal("3.0")},
                {"kind": "salt", "sum": Decimal("3.0")},
            ],
            ordered=True,
        ),
        get(
            "/cargo?select=k:kind,price.max()&kind=neq.fish",
            [{"k": "coal", "max": 100}, {"k": "salt", "max": 50}],
        ),
        get(
            "/cargo?select=kind,ship_id,count()&kind=eq.coal",
            [
                {"kind": "coal", "ship_id": 1, "count": 1},
                {"kind": "coal", "ship_id": 2, "count": 1},
            ],
        ),
    ),
    rule(
        "aggregate-cast",
        "§3",
        2,
        "Casts before and behind an aggregate",
        get("/cargo?select=price::text.max()", [{"max": "70"}]),
        get("/cargo?select=price.sum()::text", [{"sum": "250"}]),
        get("/cargo?select=count()::text", [{"count": "5"}]),
        get("/cargo?select=a:price.avg()::int&id=lt.3", [{"a": 75}]),
    ),
    rule(
        "aggregate-json",
        "§3",
        2,
        "Aggregates over JSON paths",
        get("/harbour?select=facts->>cranes::int.sum()", [{"sum": 4}]),
    ),
    rule(
        "aggregate-embed",
        "§3",
        2,
        "In an embed they count there",
        get(
            "/ship?select=id,cargo(weight.sum())&id=eq.1",
            [{"id": 1, "cargo": [{"sum": Decimal("12.5")}]}],
        ),
        get("/ship?select=id,cargo(count())&id=eq.4", [{"id": 4, "cargo": [{"count": 0}]}]),
        get(
            "/ship?select=id,cargo(kind,count())&id=eq.2",
            [{"id": 2, "cargo": [{"kind": "coal", "count": 1}]}],
        ),
        get(
            "/cargo?select=ship(name),price.sum()&ship_id=eq.1",
            [{"ship": {"name": "Aurora"}, "sum": 150}],
        ),
    ),
    rule(
        "aggregate-spread",
        "§3",
        2,
        "In a to-one spread they are lifted to the next plain level",
        get(
            "/cargo?select=kind,...ship(tonnage.sum())&kind=eq.coal",
            [{"kind": "coal", "sum": Decimal("300.50")}],
        ),
        get(
            "/cargo?select=...ship(name),price.sum()&ship_id=eq.1", [{"name": "Aurora", "sum": 150}]
        ),
        get("/cargo?select=...ship(t:tonnage.max())", [{"t": Decimal("200.00")}]),
    ),
    rule(
        "aggregate-spread-many",
        "§3",
        2,
        "In a to-many spread they are refused",
        get("/ship?select=id,...cargo(price.sum())", SPREAD, 400),
        get("/ship?select=id,...sailor(count())", SPREAD, 400),
    ),
)
