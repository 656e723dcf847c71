"""Buffers: bytes at any depth, two spellings read, one written, look-alikes left alone."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover import MalformedValueError
from salon.whatsapp.buffer import encode, revive

DATA = bytes(range(256))
LIST = {"type": "Buffer", "data": list(DATA)}
TEXT = {"type": "Buffer", "data": base64.b64encode(DATA).decode()}

LOOK_ALIKES = [
    {"type": "Buffer"},
    {"type": "Buffer", "data": [1, 2, 3], "note": "more"},
    {"type": "Buffer", "data": [1, 256]},
    {"type": "Buffer", "data": [1, -1]},
    {"type": "Buffer", "data": [True]},
    {"type": "Buffer", "data": [1.0]},
    {"type": "Buffer", "data": "no base64!"},
    {"type": "Buffer", "data": "AQI"},
    {"type": "Buffer", "data": "AQJ="},
    {"type": "Buffer", "data": "ёж=="},
    {"type": "Buffer", "data": None},
    {"type": "Buffer", "data": {"0": 1}},
    {"type": "buffer", "data": [1]},
    {"type": ["Buffer"], "data": [1]},
    {"0": 1, "1": 2},
]

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize("spelling", [LIST, TEXT, {"type": "Buffer", "data": []}])
def test_both_spellings_are_revived_at_any_depth(spelling):
    """A Buffer is bytes on top, in objects, in lists, and in lists in objects."""
    data = DATA if spelling["data"] else b""
    assert revive(spelling) == data
    assert revive({"a": [{"b": [spelling]}, spelling]}) == {"a": [{"b": [data]}, data]}


@pytest.mark.parametrize("spelling", [LIST, TEXT, DATA, bytearray(DATA), memoryview(DATA)])
def test_one_form_is_written(spelling):
    """Whatever a Buffer was, it is written with base64, at any depth."""
    assert encode(spelling) == TEXT
    assert encode({"a": [spelling, ("x", spelling)]}) == {"a": [TEXT, ["x", TEXT]]}


@pytest.mark.parametrize("value", LOOK_ALIKES, ids=json.dumps)
def test_what_looks_alike_stays_as_it_is(value):
    """Neither reading nor writing touches an object that is no Buffer."""
    assert revive({"in": [value]}) == {"in": [value]}
    assert encode({"in": [value]}) == {"in": [value]}


def test_a_buffer_inside_of_a_look_alike_is_one():
    """The look-alike stays, what is in it is revived."""
    value = {"type": "Buffer", "data": [LIST], "more": TEXT}
    assert revive(value) == {"type": "Buffer", "data": [DATA], "more": DATA}


@given(VALUES)
def test_written_and_read_again_it_is_the_same(value):
    """JSON's text of a written value, decoded and revived, is the value, types included."""
    again = revive(json.loads(json.dumps(encode(value))))
    assert repr(again) == repr(value)
    assert encode(again) == encode(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: 2}, object(), {"a": {b"x"}}])
def test_what_json_has_not_is_refused(value):
    """It would be stored as something else."""
    with pytest.raises(MalformedValueError):
        encode({"deep": [value]})
