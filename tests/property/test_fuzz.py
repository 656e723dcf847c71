"""Whatever is sent, the answer is one that the language prescribes, and SQL is never a client's."""

import json
import random
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "conformance"))

from suite.chance import SEEDS, Chance
from suite.lexicon import casts, catalog_names, catalog_words, strings, tokens
from suite.preset import configuration
from suite.scene import scene
from suite.sender import message_of

from changeover.engine.refusal import STATUS, Refusal
from changeover.gateway.postgrest_configuration import Given, configure
from changeover.stores import snapshot_holder
from changeover.stores.counter import StoreSettings
from changeover.stores.key import Identity
from changeover.stores.postgres import PostgresStore

REQUESTS = 50
EXAMPLES = 100
NIGHTLY_EXAMPLES = 2_000
VISITOR = Identity(role="visitor", claims='{"role":"visitor"}', is_anonymous=True)

OWN_NAME = re.compile(r"pgrst_\w+|record|integer|.+_\d+")
"""Names that statements make up: those of PostgREST, and of embeds with their depth."""

TELLING_LENGTH = 6
"""A value this long is found in a statement only if it was written into it."""

# Where a statement of ours is not at fault: the value is a little language of its own, or the
# client has named nothing at all, which PostgREST hands to the server too.
FOREIGN_SYNTAX = (
    "syntax error in tsquery",
    "no operand in tsquery",
    "there is no escaped character",
    "zero-length delimited identifier",
)
FATAL_CLASSES = ("09", "25", "2D", "38", "39", "3B", "40", "54", "55", "57", "58", "F0", "HV", "XX")


class Fuzzed:
    """A store, and what its statements may be made of."""

    def __init__(self, store):
        """Learn the words of the statements that the suite's own requests become."""
        self.store = store
        store.send(message_of(SEEDS[0]))
        self._desk = store.desk
        self._names = catalog_names(self._desk.snapshot)
        self._words = set(catalog_words(self._desk.snapshot))
        for sent in SEEDS:
            for statement, shape, _values in self._statements(sent):
                found = {text for kind, text in tokens(statement.text) if kind == "word"}
                self._words |= found - casts(shape)

    def _statements(self, sent):
        """Yield the statements of a request with its shape and values."""
        try:
            errand = self._desk.errand(message_of(sent), VISITOR)
        except Refusal:
            return
        work = errand.script.work
        for statement in (work.main, work.explain):
            if statement is not None:
                yield statement, errand.request.shape, errand.request.values

    def assert_statements_are_ours(self, sent):
        """Assert that names are the request's or the catalog's, and no value is in the text."""
        for statement, shape, values in self._statements(sent):
            named = {text.split("\0")[0] for text in strings(shape)}
            for value in values:
                if isinstance(value, str) and len(value) >= TELLING_LENGTH and value not in named:
                    assert value not in statement.text or value in self._names, value
            allowed = self._words | casts(shape)
            for kind, text in tokens(statement.text):
                if kind == "name":
                    name = text[1:-1].replace('""', '"')
                    assert name in named | self._names or OWN_NAME.fullmatch(name), name
                elif kind == "word":
                    assert text in allowed, text

    def assert_answer_is_prescribed(self, sent):
        """Assert that a request is answered, and with no error that nothing prescribes."""
        reply = self.store.send(message_of(sent))
        headers = {name.lower(): value for name, value in reply.headers}
        code = headers.get("proxy-status", "").removeprefix("PostgREST; error=")
        assert 200 <= reply.status < 600
        if reply.status >= 500:
            assert code.startswith(FATAL_CLASSES) or code == "21000", (code, reply.body)
        if code.startswith("PGRST"):
            assert code != "PGRSTX00"
            assert reply.status == STATUS[code]
        if sent.method == "HEAD":
            assert reply.body == b""
        elif code:
            error = json.loads(reply.body)
            assert error["code"] == code
            assert list(error) == ["code", "details", "hint", "message"]
            assert code != "42601" or self._is_foreign(sent, error), error["message"]

    def _is_foreign(self, sent, error):
        """Return whether a syntax error is the client's; a type that it names can't be quoted."""
        has_casts = any(casts(shape) for _, shape, _ in self._statements(sent))
        return has_casts or error["message"].startswith(FOREIGN_SYNTAX)


@pytest.fixture(scope="module")
def fuzzed():
    """A store of the suite's database that keeps nothing."""
    with scene() as database, pytest.MonkeyPatch.context() as patch:
        # A limit that no setting turns: requests for what is not there wait for it.
        patch.setattr(snapshot_holder, "BURST_S", 0.0)
        given_settings = configuration("plain") | {"db-uri": database.dsn_of("connector")}
        setup = configure(Given(file=given_settings), Path.read_text)
        store = PostgresStore(
            StoreSettings(pool=setup.pool, api=setup.api, keys=setup.keys, channel=None)
        )
        yield Fuzzed(store)
        store.close()


def send_many(fuzzed, seed):
    """Send requests that one seed leads to; the failing one is told by hypothesis' note."""
    chance = Chance(random.Random(seed))  # noqa: S311 - no secret is made of it
    for place in range(REQUESTS):
        sent = chance.request()
        try:
            fuzzed.assert_statements_are_ours(sent)
            fuzzed.assert_answer_is_prescribed(sent)
        except Exception as error:
            error.add_note(f"request {place} of seed {seed}: {sent}")
            raise


@settings(max_examples=EXAMPLES)
@given(seed=st.integers(0, 2**32))
def test_any_request_is_answered_as_prescribed(fuzzed, seed):
    """5,000 requests: no answer that the language doesn't know, no SQL of a client's."""
    send_many(fuzzed, seed)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@settings(max_examples=NIGHTLY_EXAMPLES)
@given(seed=st.integers(0, 2**32))
def test_any_of_many_requests_is_answered_as_prescribed(fuzzed, seed):
    """The same with 100,000 requests."""
    send_many(fuzzed, seed)
