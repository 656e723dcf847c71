"""Moves of the sample application, and what the tests read on both sides."""

import pytest

from changeover.catalog import read
from changeover.catalog.difference import compare
from changeover.embedded import create_sample_application
from changeover.model.settings import MoveSettings
from changeover.model.side import Side

FK = "public.profiles.profiles_id_fkey"


@pytest.fixture
def sample_move(pair_with, make_move):
    """A function that returns a pair with the sample application, and its move."""

    def make(*, answers=None, createrole=True, **settings):
        pair = pair_with(createrole=createrole)
        create_sample_application(pair.source)
        move = MoveSettings(answers={FK: "carry"} if answers is None else answers)
        return pair, make_move(pair, move=move, **settings)

    return make


@pytest.fixture
def differences():
    """A function that returns what differs between the two sides of a move."""

    def find(move):
        with (
            move.connect_owner(Side.SOURCE, "test") as source,
            move.connect_owner(Side.TARGET, "test") as target,
        ):
            schemas = move.settings.move.schemas
            return compare(read(source, schemas), read(target, schemas), move.settings.move)

    return find


@pytest.fixture
def applied(rows):
    """A function that returns the steps in the target's ledger."""

    def find(pair):
        return [row[0] for row in rows(pair.target, "SELECT step FROM changeover.schema_step")]

    return find
