"""What goes wrong on the way: the same error on every way, and never an answer that looks right."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from gateway_process import SECRET_KEY, gateway_process, token
from layer_case import CLIENT, FIRST, THIRD
from layer_oracle import reading, stored
from layer_way import KEYS, URL, Way, clock, same
from supabase import ClientOptions, create_client

import changeover
from changeover import (
    CannotConnectError,
    DuplicateKeyError,
    MalformedValueError,
    MissingReferenceError,
    MissingValueError,
    NoPartitionError,
    NotAllowedError,
    NotInSchemaError,
    RejectedValueError,
    TimedOutError,
    TooManyConnectionsError,
    WritesPausedError,
    error_of,
)
from salon.error import InvalidArgumentError, UnsteadyListError
from salon.layer import AsyncDataLayer, DataLayer, Settings
from salon.layer.driver import Setup

WHOLE = {"company_id": THIRD, "include_inactive": True}
COMPANY = {"company_id": 990020, "title": "Т"}
PLANTED = "planted value"
NOWHERE = "http://127.0.0.1:9"
SHORT = Settings(query_timeout_ms=300, health_timeout_ms=200)


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("23505", "", DuplicateKeyError),
        ("23503", "", MissingReferenceError),
        ("23502", "", MissingValueError),
        ("23514", "", RejectedValueError),
        ("23514", 'no partition of relation "m" found for row', NoPartitionError),
        ("42P01", "", NotInSchemaError),
        ("42703", "", NotInSchemaError),
        ("42P10", "", NotInSchemaError),
        ("PGRST204", "", NotInSchemaError),
        ("22P02", "", MalformedValueError),
        ("57014", "", TimedOutError),
        ("08006", "", CannotConnectError),
        ("57P01", "", CannotConnectError),
        ("PGRST002", "", CannotConnectError),
        ("53300", "", TooManyConnectionsError),
        ("42501", "", NotAllowedError),
        ("P0004", "", WritesPausedError),
    ],
)
def test_a_code_becomes_its_class(code, message, kind):
    """A SQLSTATE or a code of the API becomes the class that both backends raise."""
    error = error_of(code, message, "public.clients")
    assert type(error) is kind
    assert code in error.message


def _hurried(way: Way) -> Way:
    """Return a way with short limits."""
    setup = Setup(settings=SHORT, clock=clock)
    kind = DataLayer if way.loop is None else AsyncDataLayer
    layer = kind(way.layer.driver._backend, setup)
    return Way(name=way.name, layer=layer, books=way.books, loop=way.loop)


@pytest.mark.parametrize("colour", ["ways", "awaited_ways"])
def test_what_takes_too_long_is_given_up(colour, request):
    """A statement that waits for a lock is given up at its limit, and later ones are answered."""
    for way in request.getfixturevalue(colour):
        hurried = _hurried(way)
        with way.books.connection.transaction():
            way.books.ask("LOCK TABLE companies IN ACCESS EXCLUSIVE MODE")
            for method, given, limit_ms in (
                ("get_company", {"company_id": FIRST}, 300),
                ("upsert_company", {"company": COMPANY}, 300),
                ("health_check", {}, 200),
            ):
                with pytest.raises(TimedOutError, match=f"within {limit_ms} ms"):
                    hurried.call(method, given)
        assert way.call("get_company", {"company_id": FIRST})["company_id"] == FIRST


def test_the_fence_is_told_as_such(ways):
    """A write that the fence refuses is WritesPausedError, and nothing was written."""
    for way in ways:
        way.books.ask(
            "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$BEGIN RAISE EXCEPTION 'writes are paused' USING ERRCODE = 'P0004'; END$$"
        )
        way.books.ask(
            "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON companies"
            " FOR EACH STATEMENT EXECUTE FUNCTION public.refuse()"
        )
        try:
            with pytest.raises(WritesPausedError):
                way.call("upsert_company", {"company": {**COMPANY, "company_id": 990021}})
        finally:
            way.books.ask("DROP FUNCTION public.refuse() CASCADE")
        assert way.call("get_company", {"company_id": 990021}) is None


def test_a_missing_unique_key_is_a_fault_of_the_schema(ways):
    """An upsert without its unique key is NotInSchemaError on every way, never a plain insert."""
    for way in ways:
        (name,) = way.books.ask(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'dialog_contexts'::regclass"
            " AND contype = 'u' AND pg_get_constraintdef(oid) = 'UNIQUE (user_id)'"
        )
        way.books.ask(f"ALTER TABLE dialog_contexts DROP CONSTRAINT {name}")
        try:
            with pytest.raises(NotInSchemaError):
                way.call("upsert_dialog_context", {"context": {"user_id": "79990000200"}})
        finally:
            way.books.ask(f"ALTER TABLE dialog_contexts ADD CONSTRAINT {name} UNIQUE (user_id)")


def _over(url: str, key: str, http: httpx.Client) -> DataLayer:
    return DataLayer.over_client(
        create_client(url, key, ClientOptions(httpx_client=http)), clock=clock
    )


def test_nobody_at_the_other_end_is_an_error():
    """A database that can't be reached is CannotConnectError on every way, never no rows."""
    dsn = "host=127.0.0.1 port=9 dbname=nowhere user=nobody connect_timeout=2"
    with (
        httpx.Client(trust_env=False) as far,
        changeover.http_client(dsn, keys=KEYS) as near,
        changeover.connect(dsn) as database,
    ):
        for layer in (
            _over(NOWHERE, token("service_role"), far),
            _over(URL, SECRET_KEY, near),
            DataLayer.over_repositories(database, clock=clock),
        ):
            # A read is tried again for seconds by the official client, a write is not.
            with layer, pytest.raises(CannotConnectError):
                layer.upsert_company(COMPANY)


def test_a_refused_key_is_not_allowed(scene):
    """A key that the API refuses is NotAllowedError."""
    with httpx.Client(trust_env=False) as http:
        wrong = token("service_role")[:-6] + "AAAAAA"
        with _over(scene.gateway.url, wrong, http) as layer, pytest.raises(NotAllowedError):
            layer.get_company(FIRST)


@contextmanager
def _portal() -> Iterator[str]:
    """Run something between the application and the API that says its own word with 200."""

    class Portal(BaseHTTPRequestHandler):
        def do_GET(self):
            """Answer with a page."""
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>sign in</html>")

        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Portal) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_page_is_not_taken_for_rows():
    """An answer that is no list of rows is an error, not an empty list."""
    with _portal() as url, httpx.Client(trust_env=False) as http:
        layer = _over(url, token("service_role"), http)
        with layer, pytest.raises(CannotConnectError, match="no list of rows"):
            layer.get_company(FIRST)


def test_an_error_holds_no_value_of_a_row(ways):
    """Neither text nor cause of an error holds a value that was written."""
    number = 990001
    cases = [
        ("upsert_company", {"company": {**COMPANY, "yclients_id": number, "address": PLANTED}}),
        ("upsert_client", {"client": {**CLIENT, "discount": PLANTED}}),
        ("upsert_client", {"client": {**CLIENT, "phone": PLANTED, "last_sync_at": PLANTED}}),
        ("search_clients_by_name", {"company_id": PLANTED, "name": PLANTED}),
    ]
    for way in ways:
        for method, given in cases:
            with pytest.raises(changeover.ChangeoverError) as caught:
                way.call(method, given)
            error = caught.value
            shown = f"{error}{error.hint}{error.__cause__}"
            assert PLANTED not in shown
            assert str(number) not in shown
            assert error.__suppress_context__ or error.__context__ is None


def test_every_bad_row_is_named_and_none_is_written(ways):
    """A batch with bad rows names each by its index, and writes none of it."""
    rows = [
        {**CLIENT, "yclients_id": 45000000},
        {**CLIENT, "yclients_id": 45000001, "phone": "1"},
        {**CLIENT, "yclients_id": 45000000},
        {**CLIENT, "yclients_id": True, "name": ""},
        5,
    ]
    for way in ways:
        with pytest.raises(InvalidArgumentError) as caught:
            way.call("upsert_clients", {"clients": rows})
        text = caught.value.message
        for part in ("row 1: a phone", "rows 0 and 2 have the same key", "row 3: yclients_id",
                     "row 3: name", "row 4: a int is no row"):  # fmt: skip
            assert part in text
        assert "row 0:" not in text
        assert stored(way.books, "upsert_clients", rows[0]) is None


def test_a_batch_is_one_transaction_where_there_are_any(ways):
    """Of a batch with two sets of columns PostgreSQL keeps all or nothing, an API the first set."""
    first = {**CLIENT, "yclients_id": 45000010}
    second = {**CLIENT, "yclients_id": 45000011, "discount": "ten"}
    kept = {}
    for way in ways:
        with pytest.raises(MalformedValueError):
            way.call("upsert_clients", {"clients": [first, second]})
        kept[way.name] = stored(way.books, "upsert_clients", first) is not None
        assert stored(way.books, "upsert_clients", second) is None
        way.books.ask("DELETE FROM clients WHERE yclients_id = 45000010")
    assert list(kept.values()) == [True, True, False]


# ---- long lists over an API ---------------------------------------------------------------------

INSERT = (
    "INSERT INTO services (yclients_id, company_id, title, weight) SELECT 46000000 + count(*),"
    " 990003, 'Между страницами', 9 FROM services WHERE company_id = 990003"
)


REPLACE = (
    "WITH gone AS (DELETE FROM services WHERE yclients_id = (SELECT max(yclients_id) FROM services"
    " WHERE company_id = 990003 AND weight = 9)) INSERT INTO services (yclients_id, company_id,"
    " title, weight) SELECT 46000100 + count(*), 990003, 'В конце', -count(*) FROM services"
    " WHERE company_id = 990003 AND weight < 0"
)
MOVE = (
    "UPDATE services SET weight = -weight WHERE id = (SELECT max(id) FROM services"
    " WHERE company_id = 990003 AND weight = 9)"
)
SWAP = f"""{MOVE}; {INSERT};
DELETE FROM services WHERE yclients_id = (SELECT min(yclients_id) FROM services
WHERE company_id = 990003 AND weight = 1 AND yclients_id >= 46000000)"""
LAST = (
    "INSERT INTO services (yclients_id, company_id, title, weight) SELECT 46000200 + g, 990003,"
    " 'Я последняя', 1 FROM generate_series(1, 2) AS g"
)


@contextmanager
def _disturbed(scene, times: int, change: str = INSERT) -> Iterator[DataLayer]:
    """Give a layer behind whose back something changes after so many of its pages."""
    left = iter(range(times))

    def disturb(response):
        response.read()
        if next(left, None) is not None:
            scene.source.ask(change)

    hooks = {"response": [disturb]}
    with (
        httpx.Client(timeout=30, trust_env=False, event_hooks=hooks) as http,
        _over(scene.gateway.url, token("service_role"), http) as layer,
    ):
        yield layer
    scene.source.ask("DELETE FROM services WHERE yclients_id >= 46000000")


def test_a_list_that_grew_between_pages_is_read_again(scene):
    """A list that grew between two pages is read again: it comes whole, and each row once."""
    with _disturbed(scene, 2) as layer:
        found = layer.get_services(**WHOLE)
        expected = reading("get_services", **WHOLE)(scene.source)
        assert len(found) == 1207
        assert same(found, expected)


@pytest.mark.parametrize("change", [REPLACE, MOVE, SWAP], ids=["replaced", "moved", "swapped"])
def test_rows_that_moved_while_their_count_stood_are_read_again(scene, change):
    """Rows that moved over the edge of a page leave no hole, although their count is the same."""
    for _ in range(3):
        scene.source.ask(INSERT)
    scene.source.ask(LAST)
    with _disturbed(scene, 1, change) as layer:
        found = layer.get_services(**WHOLE)
        expected = reading("get_services", **WHOLE)(scene.source)
        assert len(found) == 1210
        assert same(found, expected)


def test_a_list_that_never_rests_is_an_error(scene):
    """A list that grows between all pages is an error, not a list with a hole."""
    with _disturbed(scene, 100) as layer, pytest.raises(UnsteadyListError):
        layer.get_services(**WHOLE)


def test_an_api_that_cuts_lower_gives_more_pages(scene, tmp_path):
    """An API with a lower cap gives the whole list all the same."""
    dsn = scene.source.database.dsn_of("authenticator")
    settings = {"PGRST_DB_MAX_ROWS": "250"}
    with (
        gateway_process(dsn, tmp_path, settings=settings) as gateway,
        httpx.Client(timeout=30, trust_env=False) as http,
        _over(gateway.url, token("service_role"), http) as layer,
    ):
        found = layer.get_services(**WHOLE)
    assert same(found, reading("get_services", **WHOLE)(scene.source))


# ---- threads and loops --------------------------------------------------------------------------


def test_one_layer_serves_many_threads(ways):
    """One blocking layer may be used by several threads at once."""
    for way in ways:
        found = {}

        def ask(number, way=way, found=found):
            found[number] = way.call("get_client_by_id", {"yclients_id": 20000100 + number})

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {n: row["yclients_id"] - 20000100 for n, row in found.items()} == {
            n: n for n in range(12)
        }


def test_one_layer_serves_many_tasks(awaited_ways):
    """One asynchronous layer may be used by several tasks at once."""
    for way in awaited_ways:

        async def all_at_once(layer=way.layer):
            calls = [layer.get_client_by_id(20000100 + number) for number in range(12)]
            return await asyncio.gather(*calls)

        rows = way.loop.run_until_complete(all_at_once())
        assert [row["yclients_id"] for row in rows] == [20000100 + n for n in range(12)]


def test_a_clock_without_offset_is_refused(scene):
    """A clock that does not say which moment it is, is refused."""
    with changeover.connect(scene.repositories.database.dsn) as database:
        naive = clock().replace(tzinfo=None)
        layer = DataLayer.over_repositories(database, clock=lambda: naive)
        with layer, pytest.raises(InvalidArgumentError, match="offset"):
            layer.get_upcoming_appointments(20000050, FIRST)
