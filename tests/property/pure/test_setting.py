"""Decoding a configuration file that is anything at all."""

import datetime as dt
import tomllib

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs, to_builtins

from changeover.model.errors import ChangeoverError, ConfigurationError
from changeover.model.settings import Settings, decode

SECTIONS = {
    field.name: [inner.name for inner in structs.fields(field.type)]
    for field in structs.fields(Settings)
    if isinstance(field.type, type) and hasattr(field.type, "__struct_fields__")
}
KNOWN = sorted({*SECTIONS, *(name for names in SECTIONS.values() for name in names)})
NAMES = st.sampled_from(KNOWN) | st.sampled_from(KNOWN).map(lambda name: name[:-1]) | st.text()
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.datetimes(),
    st.dates(),
    st.just(dt.time(1)),
)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)
)
TABLES = st.dictionaries(
    st.sampled_from(sorted(SECTIONS)) | NAMES,
    st.dictionaries(NAMES, ANYTHING, max_size=4) | ANYTHING,
    max_size=4,
)


def outcome(tables):
    """Return what decoding came to: settings, or an error of ours."""
    try:
        return decode(tables)
    except ChangeoverError as error:
        return error


@given(TABLES)
def test_malformed_input_gives_our_errors_only(tables):
    """Whatever a file holds, decoding gives settings, or an error of ours with a hint."""
    found = outcome(tables)
    assert isinstance(found, Settings) or (isinstance(found, ConfigurationError) and found.hint)


@given(st.text())
def test_any_toml_gives_our_errors_only(text):
    """A text that is TOML is decoded, or refused by an error of ours."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    found = outcome(tables)
    assert isinstance(found, Settings) or (isinstance(found, ConfigurationError) and found.hint)


@st.composite
def settings(draw):
    """Give the plain values of settings that are not all the default."""
    values = to_builtins(Settings())
    for section, names in SECTIONS.items():
        for name in names:
            now = values[section][name]
            if isinstance(now, bool) or not isinstance(now, int | float | str):
                continue
            kinds = {int: st.integers(0, 10**6), float: st.floats(0, 1e6), str: st.text()}
            values[section][name] = draw(st.just(now) | kinds[type(now)])
    return values


@given(settings())
def test_decoding_keeps_every_value(values):
    """What is decoded is what was written."""
    assert to_builtins(decode(values)) == values
