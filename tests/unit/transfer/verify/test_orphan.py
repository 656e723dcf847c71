"""Definitions of foreign keys, as PostgreSQL writes them."""

import pytest

from changeover.model.name import TableName
from changeover.transfer.verify.orphan import Reference, parse_definition


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (
            "FOREIGN KEY (a) REFERENCES public.b(id) ON DELETE CASCADE DEFERRABLE",
            Reference(
                columns=("a",),
                parent=TableName("public", "b"),
                referenced=("id",),
                is_full=False,
            ),
        ),
        (
            'FOREIGN KEY (a, "B ""c"", (d)") REFERENCES "S.x"."T(1)"(id, "y, z") MATCH FULL',
            Reference(
                columns=("a", 'B "c", (d)'),
                parent=TableName("S.x", "T(1)"),
                referenced=("id", "y, z"),
                is_full=True,
            ),
        ),
        (
            "FOREIGN KEY (ключ) REFERENCES public.таблица(ид) NOT VALID",
            Reference(
                columns=("ключ",),
                parent=TableName("public", "таблица"),
                referenced=("ид",),
                is_full=False,
            ),
        ),
        ("FOREIGN KEY (id, PERIOD valid) REFERENCES public.b(id, PERIOD valid)", None),
        ("CHECK ((a > 0))", None),
    ],
)
def test_a_definition_is_read_or_said_to_be_unknown(definition, expected):
    """Columns, parent and MATCH FULL are read through any quoting; the rest is unknown."""
    assert parse_definition(definition) == expected
