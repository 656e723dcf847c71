"""The salon's two databases: source and target schema applied, empty or filled."""

import sys
from pathlib import Path

import psycopg
import pytest

from salon import sample, schema

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def source(pair):
    """A connection of the source's owner; the schema is there, without rows."""
    with psycopg.connect(pair.source.dsn, autocommit=True) as connection:
        schema.create_source(connection)
        yield connection


@pytest.fixture
def target(pair):
    """A connection of the target's owner; the schema is there, without rows."""
    with psycopg.connect(pair.target.dsn, autocommit=True) as connection:
        schema.create_target(connection)
        yield connection


@pytest.fixture
def filled_source(source):
    """The source with the sample at scale 1."""
    sample.load(source)
    return source


@pytest.fixture
def filled_target(target):
    """The target with the sample at scale 1, partitions of history included."""
    schema.create_history_partitions(target, sample.MESSAGES_FROM)
    sample.load(target)
    return target
