"""What a server's error is answered with."""

import json

import psycopg
import pytest

from changeover.stores.fault import ServerFault, cannot_connect, lost_connection

CHALLENGE = (("WWW-Authenticate", "Bearer"),)
LATER = (("Retry-After", "1"),)


def refusal(sqlstate, message="m", detail=None, hint=None, *, is_anonymous=False):
    """Return what an error of the server becomes."""
    fault = ServerFault(sqlstate=sqlstate, message=message, detail=detail, hint=hint)
    return fault.refusal(is_anonymous=is_anonymous)


@pytest.mark.parametrize(
    ("sqlstate", "status"),
    [
        ("08006", 503), ("53300", 503), ("53400", 500), ("57P01", 503), ("57014", 500),
        ("09000", 500), ("0L000", 403), ("0P000", 403), ("28000", 403), ("28P01", 403),
        ("21000", 500), ("22P02", 400), ("22023", 400), ("22012", 400), ("23502", 400),
        ("23503", 409), ("23505", 409), ("23514", 400), ("23P01", 400), ("25006", 405),
        ("25P02", 500), ("2D000", 500), ("38000", 500), ("39000", 500), ("3B001", 500),
        ("40001", 500), ("40P01", 500), ("42501", 403), ("42601", 400), ("42703", 400),
        ("42883", 404), ("42P01", 404), ("42P10", 400), ("42P17", 500), ("428C9", 400),
        ("54001", 500), ("55P03", 500), ("58000", 500), ("F0000", 500), ("HV000", 500),
        ("P0001", 400), ("P0002", 500), ("P0004", 500), ("XX000", 500), ("0A000", 400),
    ],
)  # fmt: skip
def test_each_sqlstate_has_its_status(sqlstate, status):
    """The table of SQLSTATEs; what the server said goes on unchanged."""
    found = refusal(sqlstate, "message", "detail", "hint")
    assert (found.code, found.status) == (sqlstate, status)
    assert (found.message, found.details, found.hint) == ("message", "detail", "hint")
    assert found.headers == (LATER if status == 503 else ())


@pytest.mark.parametrize(
    ("sqlstate", "message", "status"),
    [
        ("21000", "UPDATE requires a WHERE clause", 400),
        ("22023", 'role "x" does not exist', 401),
        ("22023", 'invalid value for parameter "TimeZone": "x"', 400),
        ("42883", "function xmlagg(text) does not exist", 406),
        ("42883", "function f(text) does not exist", 404),
    ],
)
def test_some_messages_change_the_status(sqlstate, message, status):
    """The more exact entry wins."""
    found = refusal(sqlstate, message)
    assert found.status == status
    assert found.headers == (CHALLENGE if status == 401 else ())


def test_a_missing_right_asks_the_anonymous_for_a_token():
    """42501 is 401 with a challenge as the anonymous role, else 403."""
    assert refusal("42501", is_anonymous=True).headers == CHALLENGE
    assert refusal("42501", is_anonymous=True).status == 401
    assert refusal("42501").status == 403
    assert refusal("42501").headers == ()


@pytest.mark.parametrize(
    ("sqlstate", "status", "reason"),
    [("PT402", 402, "Pay"), ("PT401", 401, "Pay"), ("PTabc", 500, ""), ("PT4x2", 500, "")],
)
def test_sql_may_choose_the_status(sqlstate, status, reason):
    """RAISE SQLSTATE 'PTxyz' is status xyz with the message as its reason phrase."""
    found = refusal(sqlstate, "Pay", "d", "h")
    assert (found.status, found.reason, found.code) == (status, reason, sqlstate)
    assert (found.message, found.details, found.hint) == ("Pay", "d", "h")


def test_sql_may_make_the_whole_answer():
    """RAISE SQLSTATE 'PGRST' gives body, status, reason and headers."""
    message = {"code": "123", "message": "no", "details": "d", "hint": "h"}
    detail = {"status": 332, "status_text": "Odd", "headers": {"X-B": "2", "X-A": "1"}}
    answer = refusal("PGRST", json.dumps(message), json.dumps(detail)).reply()
    assert (answer.status, answer.reason) == (332, "Odd")
    assert json.loads(answer.body) == message
    assert answer.headers[2:] == (
        ("Proxy-Status", "PostgREST; error=123"),
        ("X-A", "1"),
        ("X-B", "2"),
    )


GOOD = '{"code":"1","message":"m"}'
MESSAGE_HINT = (
    "MESSAGE must be a JSON object with obligatory keys: 'code', 'message' and optional keys:"
    " 'details', 'hint'."
)
DETAIL_HINT = (
    "DETAIL must be a JSON object with obligatory keys: 'status', 'headers' and optional key:"
    " 'status_text'."
)


@pytest.mark.parametrize(
    ("message", "detail", "details", "hint"),
    [
        ("plain", None, "Invalid JSON value for MESSAGE: 'plain'", MESSAGE_HINT),
        ("[]", "{}", "Invalid JSON value for MESSAGE: '[]'", MESSAGE_HINT),
        ('{"code":"1"}', "{}", 'Invalid JSON value for MESSAGE: \'{"code":"1"}\'', MESSAGE_HINT),
        (GOOD, None, "DETAIL is missing in the RAISE statement", DETAIL_HINT),
        (GOOD, "x", "Invalid JSON value for DETAIL: 'x'", DETAIL_HINT),
        (
            GOOD,
            '{"status":"404","headers":{}}',
            'Invalid JSON value for DETAIL: \'{"status":"404","headers":{}}\'',
            DETAIL_HINT,
        ),
        (GOOD, '{"status":404}', "Invalid JSON value for DETAIL: '{\"status\":404}'", DETAIL_HINT),
    ],
)
def test_an_answer_that_sql_got_wrong_is_pgrst121(message, detail, details, hint):
    """MESSAGE and DETAIL must be JSON of the right form."""
    found = refusal("PGRST", message, detail)
    assert (found.code, found.status) == ("PGRST121", 500)
    assert found.message == "Could not parse JSON in the \"RAISE SQLSTATE 'PGRST'\" error"
    assert (found.details, found.hint) == (details, hint)


def test_connection_errors_say_nothing_of_the_server():
    """The driver's text goes on without address and login; both are 503 and tell when to retry."""
    error = psycopg.OperationalError(
        'connection to server at "10.1.2.3", port 5432 failed: FATAL:  too many connections'
    )
    for made, code in ((cannot_connect, "PGRST000"), (lost_connection, "PGRST001")):
        found = made(error)
        assert (found.code, found.status, found.headers) == (code, 503, LATER)
        assert found.details == "FATAL:  too many connections"
