"""One case from its preparation to its judgement."""

from typing import Any

import psycopg

from suite.case import Case
from suite.judgement import assert_answer
from suite.sender import Send


def trial(case: Case, send: Send, owner: psycopg.Connection[Any]) -> None:
    """Send a case and judge its answer; what it left is undone, however it ends.

    Args:
        case: What is sent and expected.
        send: The way to an answer, under the case's profile.
        owner: A connection that may do everything.
    """
    owner.execute("SELECT private.reset()")
    for statement in case.setup:
        owner.execute(statement)
    try:
        reply = send(case.sent)
        assert_answer(case, reply)
        if case.expect.state is not None:
            query, rows = case.expect.state
            assert owner.execute(query).fetchall() == rows
    finally:
        for statement in case.undo:
            owner.execute(statement)
