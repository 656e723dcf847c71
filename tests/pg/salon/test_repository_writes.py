"""What the salon's repositories write, in both colours, read back with SQL."""

import asyncio
import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import psycopg
import pytest
from waited import Waited

import changeover
from changeover import (
    DuplicateKeyError,
    InvalidFilterError,
    MissingReferenceError,
    MissingValueError,
    NoPartitionError,
    RejectedValueError,
    eq,
)
from salon import sample, schema
from salon.repository import (
    Booking,
    BookingRepository,
    Client,
    ClientRepository,
    Company,
    CompanyRepository,
    DialogContext,
    DialogContextRepository,
    Message,
    MessageRepository,
    ReminderRepository,
    Service,
    ServiceRepository,
    Staff,
    StaffRepository,
    StaffSchedule,
    StaffScheduleRepository,
    SyncStatus,
    SyncStatusRepository,
    Visit,
    VisitRepository,
)

NOW = dt.datetime(2026, 2, 3, 4, 5, 6, 789)  # noqa: DTZ001 - a wall time
SENT = dt.datetime(2026, 2, 3, 4, 5, 6, tzinfo=dt.UTC)
TODAY = NOW.date()


@pytest.fixture(scope="module")
def template(target_templates):
    """A target with the sample, foreign keys and CHECKs; clone it, don't connect to it."""
    database = target_templates[True, True].clone("salon_writes")
    with psycopg.connect(database.dsn) as connection:
        schema.create_target(connection)
        schema.create_history_partitions(connection, sample.MESSAGES_FROM)
        sample.load(connection)
        schema.finish_target(connection)
    yield database
    database.drop()


@pytest.fixture
def filled(template):
    """A target of the test's own, filled."""
    database = template.clone("salon_write")
    yield database
    database.drop()


@pytest.fixture(params=["sync", "async"])
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
    """A function that runs a statement, and returns its rows if there are any."""

    def rows(query, values=None):
        with psycopg.connect(filled.dsn, options="-c TimeZone=UTC") as connection:
            found = connection.execute(query, values)
            return found.fetchall() if found.description else []

    return rows


@pytest.fixture
def company(ask):
    """The number of the sample's company."""
    return ask("SELECT company_id FROM companies")[0][0]


def test_an_upsert_sets_what_was_given(database, ask, company):
    """A new client gets the defaults; the second upsert changes two columns and no other."""
    clients = database.bind(ClientRepository)
    new = Client(yclients_id=1, company_id=company, name="Ёлка", phone="70000000001", tags=["a,b"])
    made = clients.upsert(new)
    assert (made.loyalty_level, made.total_spent, made.tags) == ("Bronze", 0, ["a,b"])
    clients.upsert(Client(yclients_id=1, company_id=company, name="Ель", phone="7", email=None))
    assert ask("SELECT id, name, phone, email, tags FROM clients WHERE yclients_id = 1") == [
        (made.id, "Ель", "7", None, ["a,b"])
    ]


BULK = (
    (
        ClientRepository,
        lambda n, of: Client(yclients_id=n, company_id=of, name=f"К{n}", phone="7"),
    ),
    (ServiceRepository, lambda n, of: Service(yclients_id=n, company_id=of, title=f"У{n}")),
    (StaffRepository, lambda n, of: Staff(yclients_id=n, company_id=of, name=f"М{n}")),
    (
        StaffScheduleRepository,
        lambda n, _: StaffSchedule(staff_id=n, date=TODAY, staff_name=f"М{n}"),
    ),
    (
        BookingRepository,
        lambda n, of: Booking(yclients_record_id=n, company_id=of, datetime=NOW),
    ),
    (
        VisitRepository,
        lambda n, of: Visit(yclients_record_id=n, company_id=of, appointment_datetime=NOW),
    ),
    (
        SyncStatusRepository,
        lambda n, of: SyncStatus(table_name=f"t{n}", company_id=of, records_processed=n),
    ),
)


@pytest.mark.parametrize(("kind", "row"), BULK, ids=[kind.table_name for kind, _ in BULK])
def test_bulk_upserts_are_repeatable(database, ask, company, kind, row):
    """Any number in batches, twice, is the same number of rows; 501 at once are refused."""
    rows = database.bind(kind)
    many = [row(900_000_000 + n, company) for n in range(501)]
    (before,) = ask(f"SELECT count(*) FROM {kind.table_name}")[0]
    assert rows.bulk_upsert_batched(many).rows == 501
    assert len(rows.bulk_upsert(many[:500])) == 500
    assert ask(f"SELECT count(*) FROM {kind.table_name}") == [(before + 501,)]
    with pytest.raises(InvalidFilterError, match="more than a batch of 500"):
        rows.bulk_upsert(many)


def test_batches_have_the_sizes_of_their_tables():
    """Each table's batches are as large as was agreed."""
    sizes = {kind.table_name: kind.batch_rows for kind, _ in BULK[:5]}
    assert sizes == {
        "clients": 100,
        "services": 100,
        "staff": 50,
        "staff_schedules": 200,
        "bookings": 100,
    }


def test_a_batched_upsert_is_all_or_nothing(database, ask, company):
    """A bad row in the third batch undoes the first two."""
    rows = [
        Staff(yclients_id=n, company_id=company if n < 900_000_120 else -1, name="М")
        for n in range(900_000_000, 900_000_130)
    ]
    with pytest.raises(MissingReferenceError):
        database.bind(StaffRepository).bulk_upsert_batched(rows)
    assert ask("SELECT count(*) FROM staff WHERE yclients_id >= 900000000") == [(0,)]


def test_a_booking_comes_with_its_client_and_staff(database, ask, company):
    """Client, staff and booking are written in one transaction, and undone in one."""
    booking = Booking(
        yclients_record_id=1,
        company_id=company,
        client_yclients_id=1,
        staff_id=1,
        datetime=NOW,
        cost=Decimal("1.10"),
        services=['Стрижка, "каре"'],
    )
    with pytest.raises(MissingReferenceError):
        database.bind(BookingRepository).upsert(booking)
    with database.transaction() as inside:
        inside.bind(ClientRepository).upsert(
            Client(yclients_id=1, company_id=company, name="А", phone="7")
        )
        inside.bind(StaffRepository).upsert(Staff(yclients_id=1, company_id=company, name="Б"))
        inside.bind(BookingRepository).upsert(booking)
    assert ask(
        "SELECT cost, services, datetime FROM bookings JOIN clients"
        " ON client_yclients_id = clients.yclients_id JOIN staff ON staff_id = staff.yclients_id"
        " WHERE yclients_record_id = 1"
    ) == [(Decimal("1.10"), ['Стрижка, "каре"'], NOW)]
    with pytest.raises(RejectedValueError), database.transaction() as inside:
        write_refused(inside, company)
    assert ask("SELECT count(*) FROM clients WHERE yclients_id = 2") == [(0,)]


def write_refused(inside, company):
    """Write a client, and a booking whose status is none."""
    inside.bind(ClientRepository).upsert(
        Client(yclients_id=2, company_id=company, name="А", phone="7")
    )
    inside.bind(BookingRepository).upsert(
        Booking(yclients_record_id=2, company_id=company, datetime=NOW, status="booked")
    )


def test_staff_is_deactivated_and_activated_anew(database, ask, company):
    """All are inactive at first; a repeated call changes nobody."""
    staff = database.bind(StaffRepository)
    active = ask("SELECT count(*) FROM staff WHERE is_active")[0][0]
    assert staff.deactivate_all(company) == active > 0
    assert staff.deactivate_all(company) == 0
    assert staff.find_active_ids(company) == []
    assert ask("SELECT count(*) FROM staff WHERE is_active") == [(0,)]


@pytest.mark.parametrize(("kind", "days"), [(StaffScheduleRepository, 7), (BookingRepository, 30)])
def test_what_is_old_goes(database, ask, kind, days):
    """Days older than the limit go; the day of the limit and those without a date stay."""
    table, rows = kind.table_name, database.bind(kind)
    if kind is BookingRepository:
        ask("UPDATE bookings SET date = NULL WHERE id = (SELECT min(id::text)::uuid FROM bookings)")
    ((edge, old, undated),) = ask(
        "WITH edge AS (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY date) AS day"
        f" FROM {table})"
        " SELECT min(day), count(*) FILTER (WHERE date < day), count(*) FILTER (WHERE date IS NULL)"
        f" FROM {table}, edge"
    )
    (total,) = ask(f"SELECT count(*) FROM {table}")[0]
    assert rows.delete_older_than(edge + dt.timedelta(days=days)) == old > 0
    assert ask(f"SELECT min(date), count(*) FROM {table}") == [(edge, total - old)]
    later = TODAY + dt.timedelta(days=4000)
    assert rows.delete_older_than(later) == total - old - undated
    assert ask(f"SELECT count(*) FROM {table}") == [(undated,)]


def test_a_status_is_set(database, ask, company):
    """The booking comes back with it; one that is not there is None."""
    bookings = database.bind(BookingRepository)
    ((record,),) = ask("SELECT min(yclients_record_id) FROM bookings")
    assert bookings.update_status(record, company, "no_show").status == "no_show"
    assert ask("SELECT status FROM bookings WHERE yclients_record_id = %s", [record]) == [
        ("no_show",)
    ]
    assert bookings.update_status(-1, company, "no_show") is None
    with pytest.raises(RejectedValueError):
        bookings.update_status(record, company, "booked")


def test_a_dialogue_is_one_per_phone(database, ask):
    """Both conflict keys; the same phone with another company is refused, as the key says."""
    dialogues = database.bind(DialogContextRepository)
    row = DialogContext(user_id="70000000001", company_id="1", messages=[{"text": "да"}])
    made = dialogues.upsert_with_messages(row)
    assert (made.state, made.messages) == ("'INIT'", [{"text": "да"}])
    again = DialogContext(user_id="70000000001", company_id="1", messages=[], state="'ASK'")
    assert dialogues.upsert_with_messages(again).id == made.id
    with pytest.raises(DuplicateKeyError):
        dialogues.upsert_with_messages(
            DialogContext(user_id="70000000001", company_id="2", messages=[])
        )
    other = dialogues.upsert(DialogContext(user_id="70000000001", company_id="2"))
    assert (other.id, other.company_id, other.state) == (made.id, "2", "'ASK'")
    with pytest.raises(InvalidFilterError, match="without its list of messages"):
        dialogues.upsert_with_messages(DialogContext(user_id="70000000001", company_id="1"))
    assert ask("SELECT count(*) FROM dialog_contexts WHERE user_id = '70000000001'") == [(1,)]


def test_a_company_has_two_numbers(database, ask, company):
    """Both keys find the row that they are of; `update` changes what it is told."""
    companies = database.bind(CompanyRepository)
    companies.upsert(Company(company_id=company, title="Ёж", yclients_id=77))
    again = companies.upsert_by_yclients_id(
        Company(company_id=company, title="Ёжик", yclients_id=77)
    )
    assert (again.company_id, again.title) == (company, "Ёжик")
    (changed,) = companies.update(eq("id", again.id), changes={"whatsapp_connected": True})
    assert changed.whatsapp_connected
    assert companies.count_connected() == 1
    assert ask("SELECT title, yclients_id FROM companies") == [("Ёжик", 77)]
    with pytest.raises(MissingValueError):
        companies.upsert(Company(company_id=company + 1))


def test_secrets_of_a_company_are_not_shown():
    """The text of a row, as a log would have it, holds no secret column."""
    planted = {"api_key": "planted", "webhook_secret": "planted"}
    shown = repr(Company(company_id=1, title="Ёж", **planted))
    assert shown == "Company(company_id=1)"


@pytest.mark.parametrize("which", ["day_before", "hour_before"])
def test_a_reminder_is_claimed_once(database, ask, which):
    """The first claim gets the row, a second one nothing; NULL counts as not yet sent."""
    reminders = database.bind(ReminderRepository)
    ask(f"UPDATE reminders SET {which}_sent = NULL, {which}_sent_at = NULL")
    ((record,),) = ask("SELECT min(record_id) FROM reminders")
    claim = getattr(reminders, f"claim_{which}")
    assert claim(record, NOW).record_id == record
    assert claim(record, NOW) is None
    assert claim(-1, NOW) is None
    assert ask(f"SELECT record_id, {which}_sent_at FROM reminders WHERE {which}_sent") == [
        (record, NOW)
    ]


def test_of_many_senders_one_claims(filled, ask):
    """Eight senders at once: one gets the row."""
    ask("UPDATE reminders SET day_before_sent = false")
    ((record,),) = ask("SELECT min(record_id) FROM reminders")
    with (
        changeover.connect(filled.dsn, connections_max=8) as database,
        ThreadPoolExecutor(8) as senders,
    ):
        reminders = database.bind(ReminderRepository)
        claims = list(senders.map(lambda _: reminders.claim_day_before(record, NOW), range(8)))
    assert sum(claim is not None for claim in claims) == 1


def test_a_visit_is_cancelled(database, ask):
    """Status, flag and reason are set; one that is not there is None."""
    visits = database.bind(VisitRepository)
    ((record,),) = ask("SELECT min(yclients_record_id) FROM appointments_cache")
    assert visits.cancel(record, "заболела").cancellation_reason == "заболела"
    assert visits.cancel(-1) is None
    assert ask(
        "SELECT status, is_cancelled FROM appointments_cache WHERE yclients_record_id = %s",
        [record],
    ) == [("cancelled", True)]


def test_a_message_delivered_twice_is_one_row(database, ask):
    """The same three columns are the same message; without an id it is not protected."""
    messages = database.bind(MessageRepository)
    row = Message(
        company_id=1,
        phone="7",
        direction="inbound",
        message_id="W1",
        created_at=SENT,
        status="read",
    )
    assert messages.upsert(row).id == messages.upsert(row).id
    assert ask("SELECT count(*) FROM messages WHERE message_id = 'W1'") == [(1,)]
    waiting = messages.find_one(eq("message_id", "W1"))
    assert messages.mark_processed(waiting.id, waiting.created_at, SENT)
    assert not messages.mark_processed(waiting.id, waiting.created_at, SENT)
    assert ask("SELECT processed, processed_at FROM messages WHERE message_id = 'W1'") == [
        (True, SENT)
    ]


def test_a_message_of_a_month_without_partition_is_refused(database):
    """The refusal says that there is no partition, which is another thing than a bad value."""
    row = Message(
        company_id=1,
        phone="7",
        direction="inbound",
        message_id="W1",
        created_at=dt.datetime(2031, 1, 1, tzinfo=dt.UTC),
    )
    with pytest.raises(NoPartitionError):
        database.bind(MessageRepository).upsert(row)
