"""Which values of one type fit another."""

import pytest

from changeover.catalog.drift import Severity
from changeover.catalog.fit import misfit

TYPES = (
    "smallint",
    "integer",
    "bigint",
    "numeric",
    "numeric(10,2)",
    "real",
    "double precision",
    "text",
    "character varying(50)",
    "character(3)",
    "timestamp without time zone",
    "timestamp(3) with time zone",
    "date",
    "json",
    "jsonb",
    "uuid",
    "integer[]",
    "public.mood",
    'public."Домен(3)"',
)


def test_two_types_are_never_silently_equal():
    """A type fits itself; whatever differs is reported, and what we don't know is refused."""
    for source in TYPES:
        for target in TYPES:
            assert (misfit(source, target) is None) == (source == target), (source, target)


@pytest.mark.parametrize(
    ("source", "target", "severity", "breaks"),
    [
        ("integer", "bigint", "behaves", "values above 2147483647 are accepted"),
        ("bigint", "integer", "refuses", "values above 2147483647 are refused"),
        ("integer", "numeric", "behaves", "fractions"),
        ("numeric", "integer", "refuses", "no integer are refused"),
        ("numeric", "numeric(10,2)", "refuses", "more than 8 digits before the point"),
        ("numeric(10,2)", "numeric(12,4)", "bends", "4 digits"),
        ("numeric(10,2)", "numeric(10,0)", "bends", "0 digits"),
        ("numeric(10,2)", "numeric(12,2)", "behaves", "more than 8 digits"),
        ("numeric(10,2)", "numeric(9,2)", "refuses", "more than 7 digits"),
        ("numeric(3,-2)", "numeric(3,0)", "refuses", "more than 3 digits"),
        ("double precision", "real", "bends", "rounded"),
        ("numeric", "double precision", "bends", "rounded"),
        ("real", "double precision", "behaves", "digits"),
        ("text", "character varying(50)", "refuses", "rows longer than 50 are refused (22001)"),
        ("character varying(50)", "text", "behaves", "rows longer than 50 are accepted"),
        ("character varying", "text", "behaves", "nothing is refused"),
        ("character(3)", "text", "bends", "blanks"),
        ("text", "character(3)", "refuses", "longer than 3"),
        ("text", "name", "refuses", "longer than 63"),
        ("timestamp with time zone", "timestamp without time zone", "bends", "offset"),
        ("timestamp without time zone", "date", "bends", "time of day"),
        (
            "timestamp without time zone",
            "timestamp(0) without time zone",
            "bends",
            "rounded to 0 digits",
        ),
        ("json", "jsonb", "bends", "double keys"),
        ("jsonb", "json", "behaves", "jsonb"),
        ("text", "jsonb", "refuses", "no jsonb"),
        ("uuid", "text", "behaves", "JSON shows text"),
        ("uuid", "character varying(36)", "refuses", "refused"),
        ("text", "uuid", "refuses", "no uuid"),
        ("integer", "integer[]", "refuses", "refused"),
        ("integer[]", "bigint[]", "behaves", "2147483647"),
        ("public.vector(3)", "public.vector(4)", "refuses", "refused"),
        ("public.mood", "public.other", "refuses", "refused"),
    ],
)
def test_what_a_change_of_type_does(source, target, severity, breaks):
    """Narrower refuses, coarser bends, wider can't go back."""
    found = misfit(source, target)
    assert found is not None
    assert found.severity is Severity(severity)
    assert breaks in found.breaks
