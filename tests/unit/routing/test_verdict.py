"""What an answer says of a request."""

import json

import httpx
import pytest

from changeover.database.errors import FENCE_MESSAGE
from changeover.engine.message import Reply
from changeover.model.routing_observation import Cause, Outcome
from changeover.model.side import Side
from changeover.routing import verdict


def error(status, code, message="", **more):
    """Return an error answer."""
    body = json.dumps({"code": code, "message": message}).encode()
    return Reply(status=status, body=body, **more)


def test_only_the_fences_own_refusal_is_one():
    """Code and message must both be the fence's, and the status an error's."""
    assert verdict.is_fenced(error(500, "P0004", FENCE_MESSAGE))
    assert not verdict.is_fenced(error(500, "P0004", "another assertion"))
    assert not verdict.is_fenced(error(400, "P0001", FENCE_MESSAGE))
    assert not verdict.is_fenced(error(500, "P0001", "said: " + FENCE_MESSAGE))
    assert not verdict.is_fenced(error(200, "P0004", FENCE_MESSAGE))
    assert not verdict.is_fenced(Reply(status=500, body=FENCE_MESSAGE.encode()))


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (Reply(status=200), None),
        (error(404, "PGRST205"), Cause.SCHEMA),
        (error(403, "42501"), Cause.SCHEMA),
        (error(503, "PGRST000"), Cause.UNREACHABLE),
        (error(504, "PGRST003"), Cause.UNREACHABLE),
        (error(500, "XX000"), Cause.SERVER_ERROR),
        (error(400, "22P02"), None),
        (error(406, "PGRST116"), None),
        (Reply(status=404, headers=(("Proxy-Status", "PostgREST; error=42P01"),)), Cause.SCHEMA),
    ],
)
def test_the_source_answers_what_only_the_target_would_refuse(reply, cause):
    """A caller's own mistake is answered by whoever was asked; HEAD has its code in a header."""
    assert verdict.cause_of(reply) is cause


BROKEN = httpx.ReadError("broken")


@pytest.mark.parametrize(
    ("reply", "side", "outcome"),
    [
        (Reply(status=201), Side.SOURCE, Outcome.FINE),
        (error(409, "23505"), Side.SOURCE, Outcome.REFUSED),
        (error(500, "P0001"), Side.TARGET, Outcome.FAILED),
        (error(503, "PGRST000", origin=BROKEN), Side.SOURCE, Outcome.NOT_WRITTEN),
        (error(503, "PGRST001", origin=BROKEN), Side.SOURCE, Outcome.UNKNOWN),
        (error(503, "PGRST001"), Side.TARGET, Outcome.UNKNOWN),
        (error(503, "PGRST002"), Side.TARGET, Outcome.NOT_WRITTEN),
        (error(503, "57P01"), Side.TARGET, Outcome.UNKNOWN),
        (Reply(status=502, body=b"<html>"), Side.SOURCE, Outcome.UNKNOWN),
        (Reply(status=524, body=b""), Side.SOURCE, Outcome.UNKNOWN),
        (Reply(status=500, body=b'{"message":"of a proxy"}'), Side.SOURCE, Outcome.UNKNOWN),
        (error(503, "PGRST000"), Side.SOURCE, Outcome.FAILED),
    ],
)
def test_what_became_of_a_write(reply, side, outcome):
    """Not sent, sent without an answer, refused, done: four different facts."""
    assert verdict.outcome_of(reply, side) is outcome


def test_our_answers_tell_the_fact_and_the_next_act():
    """Each has its code, its status, and says what to do."""
    for reply, status, code, words in (
        (verdict.paused(1.5, Side.SOURCE, is_repeated=True), 503, "CO601", "not written"),
        (verdict.unreachable(Side.TARGET), 503, "CO603", "not written"),
        (verdict.unknown(Side.SOURCE), 504, "CO602", "unknown"),
    ):
        body = json.loads(reply.body)
        assert (reply.status, body["code"]) == (status, code)
        assert words in body["message"]
        assert body["hint"]
        assert ("Retry-After" in dict(reply.headers)) == (status == 503)
