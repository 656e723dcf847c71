"""Every rule of the language, on both ways to an answer."""

import pytest
from suite.catalogue import RULES
from suite.mark import marked
from suite.preset import PROFILES
from suite.scene import scene
from suite.trial import trial
from suite.way import Ways

TRANSPORTS = ("store", "gateway")
OLDER_MAJOR = 16
SHOWN_MAX = 200


def parameters():
    """Return every case once per transport, named by its rule and place."""
    return [
        pytest.param(transport, case, id=f"{transport}-{rule.id}-{place}", marks=marked(case))
        for transport in TRANSPORTS
        for rule in RULES
        for place, case in enumerate(rule.cases, 1)
        if case.only in (None, transport)
    ]


@pytest.mark.parametrize(("transport", "case"), parameters())
def test_a_rule_holds(transport, case, ways, owner_connection):
    """What is sent is answered as the rule says."""
    trial(case, ways.to(transport, case.profile), owner_connection)


def test_every_rule_has_cases():
    """No rule of the language stands without a case, and no name is used twice."""
    assert [rule.id for rule in RULES if not rule.cases] == []
    names = [rule.id for rule in RULES]
    assert sorted(set(names)) == sorted(names)


def test_every_profile_is_used():
    """No configuration is described that nothing runs under."""
    used = {case.profile for rule in RULES for case in rule.cases}
    assert sorted(used) == sorted(PROFILES)


def store_cases():
    """Return the cases that hold in the process, with their rules and places."""
    return [
        (rule, place, case)
        for rule in RULES
        for place, case in enumerate(rule.cases, 1)
        if case.only in (None, "store") and case.fails is None
    ]


@pytest.mark.nightly
def test_every_rule_holds_on_an_older_server(tmp_path):
    """The rules hold on PostgreSQL 16 as on 18."""
    broken = []
    with (
        scene(OLDER_MAJOR) as database,
        database.connect_as_superuser() as owner,
        Ways(database.dsn_of("connector"), tmp_path) as ways,
    ):
        for rule, place, case in store_cases():
            try:
                trial(case, ways.to("store", case.profile), owner)
            except AssertionError as error:
                broken.append((rule.id, place, str(error)[:SHOWN_MAX]))
    assert broken == []
