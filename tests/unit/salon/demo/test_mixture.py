"""The mixture of writes: repeatable, and each kind comes."""

import datetime as dt

from salon.demo.mixture import KINDS, Mixture

NOW = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


def test_the_same_seed_gives_the_same_writes():
    """Two mixtures of one writer and seed agree; another writer's differ."""
    one, two, other = (Mixture(writer, seed=1, client_count=9) for writer in (0, 0, 1))
    ours = [one.following(NOW) for _ in range(50)]
    assert ours == [two.following(NOW) for _ in range(50)]
    assert ours != [other.following(NOW) for _ in range(50)]


def test_every_kind_comes():
    """A few hundred writes hold every kind, numbered from 1 without a gap."""
    mixture = Mixture(3, seed=1, client_count=9)
    writes = [mixture.following(NOW) for _ in range(600)]
    assert {write.kind for write in writes} == set(KINDS)
    assert [write.number for write in writes] == list(range(1, 601))
