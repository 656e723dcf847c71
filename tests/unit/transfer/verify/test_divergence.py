"""Differences as values: ranges, buckets, keys, kinds."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover.transfer.verify.divergence import (
    ABSENT,
    Digest,
    Found,
    KeyRange,
    Kind,
    RowKey,
    array_text,
    classify,
    key_hash,
    log_text,
    unequal_buckets,
    unequal_keys,
)


def found(*rows, logged=("k",)):
    """Return what a side holds."""
    return Found(rows=rows, version=("1",), logged=logged)


@given(st.lists(st.integers(), unique=True).map(sorted), st.integers())
def test_every_key_is_in_exactly_one_part_of_a_range(bounds, key):
    """Splitting an open range loses no key and counts none twice, whatever the bounds."""
    parts = KeyRange().split([(str(bound),) for bound in bounds])
    inside = [
        part
        for part in parts
        if (part.lower is None or int(part.lower[0]) <= key)
        and (part.upper is None or key < int(part.upper[0]))
    ]
    assert len(inside) == 1
    assert (parts[0].lower, parts[-1].upper) == (None, None)


def test_a_part_keeps_the_borders_of_its_range():
    """The parts of a bounded range stay inside it."""
    parts = KeyRange(lower=("a",), upper=("z",)).split([("m",)])
    assert [(part.lower, part.upper) for part in parts] == [(("a",), ("m",)), (("m",), ("z",))]


def test_a_bucket_that_one_side_lacks_is_unequal():
    """Buckets differ by count, by either sum, or by being there at all."""
    one = Digest(rows=1, first=2, second=3)
    other = {
        1: one,
        2: Digest(rows=2, first=2, second=3),
        3: Digest(rows=1, first=0, second=3),
        4: Digest(rows=1, first=2, second=0),
        6: one,
    }
    assert unequal_buckets(dict.fromkeys(range(1, 6), one), other) == (2, 3, 4, 5, 6)


def test_a_key_differs_by_its_rows():
    """Keys differ by hash, by number of rows, or by being there at all."""
    ours = {("1",): ((1, 1),), ("2",): ((1, 1),), ("3",): ((1, 1),), ("4",): ((1, 1),)}
    theirs = {("1",): ((1, 1),), ("2",): ((1, 2),), ("3",): ((1, 1), (1, 1)), ("5",): ((1, 1),)}
    assert unequal_keys(ours, theirs) == (("2",), ("3",), ("4",), ("5",))


@pytest.mark.parametrize(
    ("primary", "secondary", "kind", "columns"),
    [
        (found((1, 2)), ABSENT, Kind.MISSING, ()),
        (ABSENT, found((1, 2)), Kind.EXTRA, ()),
        (found((1, 2)), found((1, 3)), Kind.DIFFERENT, ("b",)),
        (found((1, 2)), found((0, 3)), Kind.DIFFERENT, ("a", "b")),
        (found((1, 2)), found((1, 2), (1, 2)), Kind.EXTRA, ()),
    ],
)
def test_a_difference_is_classed_from_the_primary(primary, secondary, kind, columns):
    """Missing, extra and different are said of the secondary."""
    divergence = classify(("k",), primary, secondary, ("a", "b"))
    assert (divergence.kind, divergence.columns, divergence.rows) == (kind, columns, 1)


@pytest.mark.parametrize(
    ("ours", "theirs", "kind", "rows"), [(3, 1, Kind.MISSING, 2), (0, 4, Kind.EXTRA, 4)]
)
def test_a_difference_without_key_has_a_count(ours, theirs, kind, rows):
    """Duplicates are counted; the whole table is what a repair would log."""
    primary = found((ours,)) if ours else ABSENT
    divergence = classify(("1", "2"), primary, found((theirs,)), None)
    assert (divergence.kind, divergence.rows) == (kind, rows)
    assert divergence.key.reveal() is None


def test_the_key_for_the_log_is_the_primarys():
    """A key that the sides write differently is logged as the primary writes it."""
    primary, secondary = found((1,), logged=("1.0",)), found((2,), logged=("1.00",))
    assert classify(("1.00",), primary, secondary, ("a",)).key.reveal() == "1.0"
    assert classify(("1.00",), ABSENT, secondary, ("a",)).key.reveal() == "1.00"


def test_a_key_shows_its_hash_only():
    """No representation or encoding of a key holds its text."""
    key = RowKey(("private", "2"), logged="{private,2}")
    assert key.hash == hashlib.sha256(b"{private,2}").hexdigest()[:16]
    assert repr(key) == f"RowKey({key.hash})"
    assert f"{key}" == repr(key)
    with pytest.raises(TypeError):
        json.dumps(key)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (("7",), "7"),
        (("a,b",), "a,b"),
        (("a", "b"), "{a,b}"),
        (("a,b", "c"), '{"a,b",c}'),
        (("", "NULL", "null"), '{"","NULL","null"}'),
        (('q"q', "b\\s"), '{"q\\"q","b\\\\s"}'),
        (("{", "}"), '{"{","}"}'),
        (("a b", "\t"), '{"a b","\t"}'),
        (("ключ", "1"), "{ключ,1}"),
    ],
)
def test_the_log_holds_one_column_as_it_is_and_several_as_an_array(key, text):
    """A key's text is what capture writes into the log."""
    assert log_text(key) == text


@given(st.lists(st.text(), min_size=1).map(tuple), st.lists(st.text(), min_size=1).map(tuple))
def test_different_keys_have_different_texts(one, other):
    """No two keys share the text of their array, so no separator is mistaken for content."""
    assert (array_text(one) == array_text(other)) == (one == other)
    assert (key_hash(one) == key_hash(other)) == (one == other)
