"""Every method of the official JavaScript client's builders, against PostgreSQL by the gateway."""

import pytest
from expectation import UNSET
from gateway_process import PUBLISHABLE_KEY, SECRET_KEY, gateway_process
from javascript_reads import FILTERS, READS
from javascript_writes import CALLS, FAILURES, WRITES

TABLES = {
    "read": READS,
    "filter": FILTERS,
    "write": WRITES,
    "call": CALLS,
    "failure": FAILURES,
}
CASES = {f"{table}: {case.name}": case for table, cases in TABLES.items() for case in cases}

# What makes a chain a promise: every case uses it by waiting for its answer.
AWAITED = {"PostgrestBuilder.then"}


def test_no_case_hides_another():
    """Every case has a name of its own."""
    assert len(CASES) == sum(map(len, TABLES.values()))


def test_every_public_method_is_in_a_case(node):
    """A method that a later version of the client adds is missed here until a case uses it."""
    used = set(AWAITED)
    for case in CASES.values():
        answer = node.ask(url="http://localhost", key="k", chain=case.chain, is_built_only=True)
        # The whole client hands these on to the client of the API as they are.
        used |= {one.replace("SupabaseClient.", "PostgrestClient.") for one in answer["methods"]}
    assert set(node.ask(list=True)["methods"]) - used == set()


@pytest.mark.parametrize("name", CASES)
def test_the_answer_is_what_sql_says(name, node, gateway_url, scene):
    """What the client answers or throws is what SQL written by hand computes."""
    case = CASES[name]
    scene.fill()
    expected = case.expected(scene.connection)
    count = case.expected_count(scene.connection)
    answer = node.ask(
        url=gateway_url, key=scene.keys[case.key], chain=case.chain, options=case.options
    )
    if case.thrown is not UNSET:
        assert answer == {"thrown": case.thrown}
        return
    if case.check is not None:
        assert case.check(answer["error"] or answer["data"])
    else:
        assert answer["error"] == (None if case.error is UNSET else case.error)
        assert expected is not UNSET
    if expected is not UNSET:
        assert answer["data"] == expected
    assert (answer["status"], answer["count"]) == (case.status, count)
    if case.text is not None:
        assert answer["statusText"] == case.text
    case.holds_after(scene.connection)


@pytest.mark.parametrize(("key", "role"), [(PUBLISHABLE_KEY, "anon"), (SECRET_KEY, "service_role")])
def test_a_key_of_the_new_kind_stands_for_its_role(key, role, node, client_database, tmp_path):
    """The client sends such a key as a token too; a gateway set up as the platform knows better."""
    dsn = client_database.dsn_of("authenticator")
    with gateway_process(dsn, tmp_path, table="has_access_log = false") as gateway:
        answer = node.ask(url=gateway.url, key=key, chain=[["rpc", "who_am_i"]])
    assert answer["error"] is None
    assert answer["data"]["role"] == role
