"""Every rule of the language, on both ways to an answer."""

import pytest
from suite.catalogue import RULES
from suite.judgement import assert_answer
from suite.mark import marked

TRANSPORTS = ("store", "gateway")


def parameters():
    """Return every case once per transport, named by its rule and place."""
    return [
        pytest.param(
            transport, case, id=f"{transport}-{rule.id}-{place}", marks=marked(case, transport)
        )
        for transport in TRANSPORTS
        for rule in RULES
        for place, case in enumerate(rule.cases, 1)
        if case.only in (None, transport)
    ]


@pytest.fixture
def between(owner_connection):
    """A function that prepares for a case and undoes what it left."""
    undone = []

    def prepare(case):
        undone.extend(case.undo)
        owner_connection.execute("SELECT private.reset()")
        for statement in case.setup:
            owner_connection.execute(statement)

    yield prepare
    for statement in undone:
        owner_connection.execute(statement)


@pytest.mark.parametrize(("transport", "case"), parameters())
def test_a_rule_holds(transport, case, way_to, between, owner_connection):
    """What is sent is answered as the rule says."""
    between(case)
    reply = way_to(transport, case.profile)(case.sent)
    assert_answer(case, reply, has_reason=True)
    if case.expect.state is not None:
        query, rows = case.expect.state
        assert owner_connection.execute(query).fetchall() == rows


def test_every_rule_has_cases():
    """No rule of the language stands without a case, and no name is used twice."""
    assert [rule.id for rule in RULES if not rule.cases] == []
    names = [rule.id for rule in RULES]
    assert sorted(set(names)) == sorted(names)
