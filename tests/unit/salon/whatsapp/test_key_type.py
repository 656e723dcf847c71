"""Names of key files: the longest known type that fits, and nothing unknown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salon.whatsapp import KEY_TYPES, UnknownKeyFileError
from salon.whatsapp.key_type import NAME_BYTES_MAX, digest_name, file_name, parse_file_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pre-key-5.json", ("pre-key", "5")),
        ("lid-mapping-70000000001.json", ("lid-mapping", "70000000001")),
        ("lid-mapping-100000000000001_reverse.json", ("lid-mapping", "100000000000001_reverse")),
        ("app-state-sync-key-AAAAA001__+==.json", ("app-state-sync-key", "AAAAA001/+==")),
        ("app-state-sync-version-regular_high.json", ("app-state-sync-version", "regular_high")),
        ("sender-key-memory-1203@g.us.json", ("sender-key-memory", "1203@g.us")),
        ("sender-key-7-15@g.us--70_1--0.json", ("sender-key", "7-15@g.us::70_1::0")),
        ("session-100_1.99.json", ("session", "100_1.99")),
        ("session-.json", ("session", "")),
        ("device-list-70000000001.json", ("device-list", "70000000001")),
        ("tctoken-7@lid.json", ("tctoken", "7@lid")),
        ("identity-key-7_1.0.json", ("identity-key", "7_1.0")),
    ],
)
def test_the_longest_known_type_that_fits_is_the_type(name, expected):
    """A type is not what stands before the first hyphen."""
    assert parse_file_name(name) == expected


@pytest.mark.parametrize(
    "name",
    ["pre-5.json", "lid-1.json", "app-state-1.json", "session_1.json", "session-1", "notes.txt"],
)
def test_an_unknown_type_is_refused(name):
    """What begins with no known type is no key."""
    with pytest.raises(UnknownKeyFileError):
        parse_file_name(name)


@given(st.sampled_from(KEY_TYPES), st.text("abc019@.+=", min_size=1, max_size=40))
def test_a_name_gives_its_type_and_id_back(key_type, key_id):
    """Where the id has nothing that a file's name loses, nothing is lost."""
    assert parse_file_name(file_name(key_type, key_id)) == (key_type, key_id)


def test_a_long_id_still_has_a_name():
    """A name that a file system would refuse is made of a digest."""
    name = file_name("session", "ё" * 300)
    assert len(name.encode()) <= NAME_BYTES_MAX
    assert name == digest_name("session", "ё" * 300) != digest_name("session", "ё" * 301)
