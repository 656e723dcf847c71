"""Names of sessions and lives of keys."""

import datetime as dt

import pytest

from salon.error import InvalidArgumentError
from salon.whatsapp import Settings
from salon.whatsapp.spelling import session_name


@pytest.mark.parametrize("name", ["1", "a" * 50, "A-z_0"])
def test_a_sessions_name_is_taken_as_it_is(name):
    """1 to 50 of letters, digits, _ and -."""
    assert session_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "a" * 51, "company_42", "Company_42", "4 2", "42\n", "салон", "4/2", "4%", 42, None],
)
def test_no_other_name_and_no_second_spelling(name):
    """The prefix is refused too: two spellings are two sessions."""
    with pytest.raises(InvalidArgumentError):
        session_name(name)


def test_lives_are_settable_per_type_and_not_below_two_days():
    """At half of a shorter life a key in use would have to be prolonged more than once a day."""
    settings = Settings(ttl={"session": dt.timedelta(days=3)}, ttl_other=dt.timedelta(days=30))
    assert settings.ttl_of("session") == dt.timedelta(days=3)
    assert settings.ttl_of("pre-key") == dt.timedelta(days=30)
    assert [Settings().ttl_of(one).days for one in ("pre-key", "sender-key-memory")] == [7, 14]
    with pytest.raises(InvalidArgumentError, match="session"):
        Settings(ttl={"session": dt.timedelta(days=1)})
