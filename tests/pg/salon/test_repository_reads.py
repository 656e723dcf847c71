"""Every read method of the salon's repositories, in both colours, held against SQL by hand."""

import asyncio
import datetime as dt
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from repository_case import CASES, SINCE
from waited import Waited

import changeover
from changeover import ALL, InvalidFilterError, MultipleRowsError
from salon import repository, sample, schema
from salon.repository import (
    BookingRepository,
    ClientRepository,
    CompanyRepository,
    DialogContextRepository,
    MessageRepository,
    ReminderRepository,
    ServiceRepository,
    StaffRepository,
    StaffScheduleRepository,
    SyncStatusRepository,
    VisitRepository,
)

KINDS = (
    BookingRepository,
    ClientRepository,
    CompanyRepository,
    DialogContextRepository,
    MessageRepository,
    ReminderRepository,
    ServiceRepository,
    StaffRepository,
    StaffScheduleRepository,
    SyncStatusRepository,
    VisitRepository,
)
FAR = dt.datetime(2099, 1, 1)  # noqa: DTZ001 - a wall time


@pytest.fixture(scope="module")
def filled(target_templates):
    """A target with the sample; nobody changes it."""
    database = target_templates[True, True].clone("salon_reads")
    with psycopg.connect(database.dsn) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        schema.create_target(connection)
        schema.create_history_partitions(connection, sample.MESSAGES_FROM)
        sample.load(connection)
        connection.execute("UPDATE companies SET whatsapp_connected = true")
        connection.execute("UPDATE sync_status SET sync_status = 'error' WHERE id = 1")
    yield database
    database.drop()


@pytest.fixture(scope="module", params=["sync", "async"])
def database(request, filled):
    """The database in both colours in turn."""
    if request.param == "sync":
        with changeover.connect(filled.dsn) as made:
            yield made
        return
    loop = asyncio.new_event_loop()
    made = changeover.connect_async(filled.dsn)
    yield Waited(loop, made)
    loop.run_until_complete(made.close())
    loop.close()


@pytest.fixture
def ask(filled):
    """A function that returns the rows of a query."""

    def rows(query, values=None, row_factory=None):
        with psycopg.connect(filled.dsn, options="-c TimeZone=UTC") as connection:
            cursor = connection.cursor(row_factory=row_factory) if row_factory else connection
            found = cursor.execute(query, values)
            return found.fetchall() if found.description else []

    return rows


def value_of(row: Any, column: str) -> Any:
    """Return what a case compares."""
    return getattr(row, column) if column else row


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{c.kind.table_name}-{c.method}-{n}" for n, c in enumerate(CASES)]
)
def test_a_method_returns_what_the_sql_does(database, ask, case):
    """The same rows in the same order, and at least one."""
    given = [*next(iter(ask(case.given)), ()), *case.more]
    expected = [row[0] for row in ask(case.expected, given or None)]
    assert expected
    found = getattr(database.bind(case.kind), case.method)(*given, **case.options)
    rows = found if isinstance(found, list) else [found]
    assert [value_of(row, case.column) for row in rows] == expected


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_comes_back_as_it_is(database, ask, kind):
    """Each column of each row has the value and the type that the driver reads."""
    rows = database.bind(kind).find_many(limit=ALL)
    expected = ask(f"SELECT * FROM {kind.table_name}", row_factory=dict_row)
    assert {name for row in expected for name in row} == set(kind.row_type.__struct_fields__)
    by_id = {row["id"]: row for row in expected}
    assert len(rows) == len(by_id) == sample.SIZES[kind.table_name]
    for row in rows:
        found = {name: getattr(row, name) for name in row.__struct_fields__}
        assert found == by_id[row.id]


def test_two_clients_of_one_phone_are_an_error(database, ask):
    """A phone is not unique: two of them raise, and never answer with one of them."""
    ((phone, company),) = ask(
        "SELECT phone, company_id FROM clients GROUP BY 1, 2 HAVING count(*) > 1 LIMIT 1"
    )
    with pytest.raises(MultipleRowsError):
        database.bind(ClientRepository).find_by_phone(phone, company)


def test_a_client_is_found_without_the_company(database, ask):
    """No company searches all of them; another one finds nothing."""
    ((number, company),) = ask("SELECT yclients_id, company_id FROM clients ORDER BY id LIMIT 1")
    clients = database.bind(ClientRepository)
    assert clients.find_by_id(number) == clients.find_by_id(number, company)
    assert clients.find_by_id(number, company + 1) is None


@pytest.mark.parametrize("name", ["%", "_", "\\", "%%"])
def test_wildcards_in_a_name_are_themselves(database, ask, name):
    """What ILIKE takes for a wildcard is looked for as a letter."""
    ((company,),) = ask("SELECT company_id FROM companies")
    expected = ask("SELECT id FROM clients WHERE position(%s IN name) > 0 ORDER BY id", [name])
    found = database.bind(ClientRepository).search_by_name(company, name, 1000)
    assert sorted(row.id for row in found) == [row[0] for row in expected]


@pytest.mark.parametrize("name", ["", "  ", "*", " ** "])
def test_a_search_for_nothing_is_refused(database, name):
    """Nothing left to look for would be everybody."""
    with pytest.raises(InvalidFilterError, match="no text to look for"):
        database.bind(ClientRepository).search_by_name(1, name)


def test_counts_and_existence(database, ask):
    """Numbers and booleans agree with the rows."""
    ((company, phone, latest),) = ask(
        "SELECT company_id, phone, max(created_at) FROM messages WHERE direction = 'inbound'"
        " GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 1"
    )
    messages = database.bind(MessageRepository)
    assert messages.is_active(phone, latest)
    assert not messages.is_active(phone, latest + dt.timedelta(microseconds=1))
    ((expected,),) = ask(
        "SELECT count(*) FROM messages WHERE company_id = %s AND direction = 'outbound'"
        " AND created_at >= %s",
        [company, SINCE],
    )
    assert messages.count_since(company, "outbound", SINCE) == expected > 0
    assert database.bind(CompanyRepository).count_connected() == 1


def test_schedules_hold_each_condition_that_is_given(database, ask):
    """Each condition alone, and all at once; no staff is no day, without asking."""
    schedules = database.bind(StaffScheduleRepository)
    ((staff, name, day),) = ask(
        "SELECT staff_id, staff_name, date FROM staff_schedules WHERE is_working ORDER BY id"
        " LIMIT 1"
    )
    every = schedules.find_schedules()
    held = {
        "staff_ids": ([staff], lambda row: row.staff_id == staff),
        "staff_name": (name.upper(), lambda row: name.lower() in row.staff_name.lower()),
        "date_from": (day, lambda row: row.date >= day),
        "date_to": (day, lambda row: row.date <= day),
        "is_working": (False, lambda row: not row.is_working),
    }
    for condition, (value, holds) in held.items():
        found = schedules.find_schedules(**{condition: value})
        assert found == [row for row in every if holds(row)]
        assert found
    together = {name: value for name, (value, _) in held.items()} | {"is_working": True}
    assert [(row.staff_id, row.date) for row in schedules.find_schedules(**together)] == [
        (staff, day)
    ]
    assert schedules.find_schedules(staff_ids=[]) == []


def test_nothing_found_is_none_or_empty(database):
    """What is not there is no error."""
    assert database.bind(BookingRepository).find_by_record_id(-1, -1) is None
    assert database.bind(DialogContextRepository).find_by_user("") is None
    assert database.bind(VisitRepository).find_by_client(-1) == []
    assert database.bind(ServiceRepository).find_titles(1, []) == []
    assert database.bind(ReminderRepository).find_for_hour(FAR, FAR) == []


def test_every_repository_has_both_colours():
    """Each of the eleven tables has a repository and its twin, and both have every method."""
    assert len(KINDS) == 11
    for kind in KINDS:
        twin = getattr(repository, f"Async{kind.__name__}")
        assert issubclass(twin, changeover.AsyncRepository)
        assert issubclass(kind, changeover.Repository)
        assert {name for name in dir(kind) if name[0] != "_"} == {
            name for name in dir(twin) if name[0] != "_"
        }
