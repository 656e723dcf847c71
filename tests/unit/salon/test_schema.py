from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from salon import schema

FILES = [schema.source_statements, schema.target_statements, schema.after_finish_statements]


@pytest.mark.parametrize("statements", FILES)
def test_statements_are_whole(statements):
    """Every statement ends in a semicolon and closes each body that it opens."""
    for statement in statements():
        assert statement.endswith(b";")
        assert statement.count(b"$$") % 2 == 0


def test_nothing_is_lost_in_cutting():
    """The statements together hold every semicolon-ended line of the file."""
    whole = schema.TARGET_PATH.read_bytes().count(b";\n")
    assert sum((one + b"\n").count(b";\n") for one in schema.target_statements()) == whole


def test_target_has_no_foreign_key_and_no_check():
    """What could refuse a mirrored row waits for the file that runs after finish."""
    text = b"\n".join(schema.target_statements()).upper()
    for word in (b" REFERENCES ", b"FOREIGN KEY", b"CHECK ("):
        assert word not in text.replace(b"WITH CHECK (", b"")


def test_each_constraint_is_added_unvalidated_and_validated():
    """Every constraint is added NOT VALID, and validated once, after all are added."""
    statements = schema.after_finish_statements()
    added = [one.split(b"ADD CONSTRAINT ")[1].split()[0] for one in statements if b"ADD " in one]
    validated = [one.split()[-1].rstrip(b";") for one in statements if b" VALIDATE " in one]
    assert len(added) == 18
    assert added == validated
    assert all(b"NOT VALID;" in one for one in statements[:18])


def test_no_null_in_a_list():
    """No CHECK lists NULL, which would make it accept everything."""
    for statement in schema.after_finish_statements():
        sql = b"\n".join(line for line in statement.splitlines() if not line.startswith(b"--"))
        assert b"NULL" not in sql


@pytest.mark.parametrize(
    ("oldest", "months"),
    [
        (datetime(2025, 11, 1, tzinfo=UTC), ()),
        (datetime(2026, 7, 1, tzinfo=UTC), ()),
        (datetime(2025, 10, 31, 23, 59, 59, 999_999, tzinfo=UTC), (date(2025, 10, 1),)),
        (
            datetime(2024, 12, 31, 12, tzinfo=UTC),
            (date(2024, 12, 1), *(date(2025, month, 1) for month in range(1, 11))),
        ),
    ],
)
def test_history_months(oldest, months):
    """History runs from the oldest row's month up to the first declared month."""
    assert schema.history_months(oldest) == months


def test_history_months_in_utc():
    """Midnight of the first in Moscow is still the month before in UTC."""
    moscow = timezone(timedelta(hours=3))
    assert schema.history_months(datetime(2025, 11, 1, 2, 59, tzinfo=moscow)) == (
        date(2025, 10, 1),
    )


def test_history_without_time_zone_is_refused():
    """A time without zone names no month in UTC."""
    with pytest.raises(ValueError, match="time zone"):
        schema.history_months(datetime(2025, 1, 1))  # noqa: DTZ001 - the mistake under test


def test_history_has_a_limit():
    """A row from another century is a mistake in the data."""
    with pytest.raises(ValueError, match="at most 1200"):
        schema.history_months(datetime(1900, 1, 1, tzinfo=UTC))
