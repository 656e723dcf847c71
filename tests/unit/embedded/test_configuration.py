"""The text of a server's configuration file."""

from pathlib import Path

import pytest

from changeover.embedded.configuration import RESERVED, check_settings, render
from changeover.model.errors import ReservedSettingError


def test_values_are_quoted_and_booleans_are_words():
    """Every kind of value is written as PostgreSQL reads it."""
    text = render(
        {"fsync": False, "jit": True, "port": 5, "a.b": "it's\\x\ny"}, initial=Path("/d/p.conf")
    )
    assert text.splitlines() == [
        "include '/d/p.conf'",
        "fsync = off",
        "jit = on",
        "port = '5'",
        "a.b = 'it''s\\\\x\\ny'",
    ]


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_reserved_names_are_refused_in_any_case(name):
    """PostgreSQL ignores the case of a parameter's name, so the refusal does too."""
    with pytest.raises(ReservedSettingError, match=name.upper()):
        check_settings({name.upper(): "1"})


def test_other_names_pass():
    """What the wrapper doesn't decide is the caller's."""
    check_settings({"wal_level": "logical", "max_connections": 20})
