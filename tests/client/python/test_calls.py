"""Every method of the official Python client's builders, against PostgreSQL, by every way."""

import httpx
import pytest
from builder import MODULES, Spy, public_methods
from expectation import UNSET
from python_calls import CALLS
from python_failures import FAILURES
from python_filters import FILTERS
from python_reads import READS
from python_writes import WRITES
from supabase import ClientOptions, create_client

TABLES = {
    "read": READS,
    "filter": FILTERS,
    "write": WRITES,
    "call": CALLS,
    "failure": FAILURES,
}
CASES = {f"{table}: {case.name}": case for table, cases in TABLES.items() for case in cases}

# These end a client or change who it is: no single query shows what they do.
ELSEWHERE = {
    "BasePostgrestClient.auth": "test_identity.py",
    "SyncPostgrestClient.aclose": "test_closing.py",
    "AsyncPostgrestClient.aclose": "test_closing.py",
}


def test_no_case_hides_another():
    """Every case has a name of its own."""
    assert len(CASES) == sum(map(len, TABLES.values()))


@pytest.mark.parametrize("colour", MODULES)
def test_every_public_method_is_in_a_case(colour):
    """A method that a later version of the client adds is missed here until a case uses it."""
    used: set[str] = set()
    with httpx.Client() as http:
        client = create_client("http://localhost", "key", ClientOptions(httpx_client=http))
        for case in CASES.values():
            spied = case.call(Spy(client, used))
            spied.execute  # noqa: B018 - the use is noted, nothing is sent
    if colour == "async":
        used = {name.replace("Sync", "Async", 1) for name in used}
    assert public_methods(colour) - used - set(ELSEWHERE) == set()


@pytest.mark.parametrize("name", CASES)
def test_the_answer_is_what_sql_says(name, way, scene):
    """What the client returns or raises is what SQL written by hand computes."""
    case = CASES[name]
    scene.fill()
    expected = case.expected(scene.connection)
    count = case.expected_count(scene.connection)
    answer = way.run(case)
    assert answer.failure == case.failure
    if case.check is not None:
        assert case.check(answer.data)
    elif case.failure is None:
        assert expected is not UNSET
        assert answer.data == expected
    assert answer.count == count
    case.holds_after(scene.connection)


@pytest.mark.parametrize("name", CASES)
def test_all_ways_answer_alike(name, ways, scene):
    """Status, headers and body are the same, byte for byte, in the process and by the gateway."""
    exchanges = {}
    for label, one in ways.items():
        scene.fill()
        exchanges[label] = one.run(CASES[name]).exchange
    first = next(iter(exchanges.values()))
    assert exchanges == dict.fromkeys(exchanges, first)
