from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from changeover.cli.plain import plain
from changeover.model.name import TableName
from changeover.model.secret import Secret
from changeover.model.settings import VerifySettings
from changeover.model.side import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A value of the house with everything in it."""

    side: Side
    table: TableName
    at: datetime
    took: timedelta
    secret: Secret
    names: frozenset[str]
    rows: tuple[int, ...]


def test_a_value_becomes_plain_data():
    """Names, times, durations, sets and secrets have their one plain form."""
    value = Sample(
        side=Side.SOURCE,
        table=TableName("public", "Заказы"),
        at=datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
        took=timedelta(milliseconds=1500),
        secret=Secret("hunter2"),
        names=frozenset({"b", "a"}),
        rows=(1, 2),
    )
    assert plain({Side.TARGET: value}) == {
        "target": {
            "side": "source",
            "table": 'public."Заказы"',
            "at": "2026-03-01T12:00:00+00:00",
            "took": 1.5,
            "secret": "***",
            "names": ["a", "b"],
            "rows": [1, 2],
        }
    }


def test_a_structure_becomes_plain_data():
    """A structure of settings becomes a mapping of its fields."""
    assert plain(VerifySettings())["bisect_rows"] == VerifySettings().bisect_rows


@pytest.mark.parametrize("value", [object(), b"bytes", Sample])
def test_what_has_no_plain_form_is_refused(value):
    """A value that nobody gave a plain form is an error, not a repr."""
    with pytest.raises(TypeError, match="no plain form"):
        plain(value)
