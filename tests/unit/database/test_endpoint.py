import traceback

import pytest

from changeover.database import Endpoint, connect
from changeover.database.endpoint import read_dsn
from changeover.model.errors import ConfigurationError
from changeover.model.secret import Secret
from changeover.model.side import Side

# Each begins and ends with what a message could quote; between stands what URLs give a meaning to.
PASSWORDS = [f"Kraken{between}Zebra" for between in ("@", "/", "%zz", "#@", "[/", ":@", "@@/")]


def url(password):
    """Return a URL whose password is not percent-encoded."""
    return f"postgresql://app:{password}@127.0.0.1:1/app"


def everything_said(error):
    """Return what an error and those behind it would print, traceback included."""
    return "".join(traceback.format_exception(error)) + str(getattr(error, "hint", ""))


@pytest.mark.parametrize("dsn", [*map(url, PASSWORDS), "host='KrakenZebra", "host=x KrakenZebra"])
def test_a_string_that_libpq_would_misread_is_refused_without_quoting_it(dsn):
    """An endpoint of such a string is refused before libpq sees it, and no piece of it is said."""
    with pytest.raises(ConfigurationError, match="the target's connection string") as raised:
        Endpoint(side=Side.TARGET, dsn=Secret(dsn))
    said = everything_said(raised.value)
    assert not any(piece in said for piece in ("Kraken", "Zebra", "zz"))
    assert raised.value.hint


@pytest.mark.parametrize(
    "password", ["Kraken#Zebra", "Kraken?x=Zebra", "Kraken%40Zebra", "Kraken:Zebra"]
)
def test_an_error_of_connecting_holds_no_password(password):
    """What libpq does read is connected to; its complaint says host and port only."""
    with pytest.raises(Exception, match=r"127\.0\.0\.1") as raised:
        connect(Endpoint(side=Side.SOURCE, dsn=Secret(url(password))), "test")
    said = everything_said(raised.value)
    assert not any(piece in said for piece in ("Kraken", "Zebra"))


def test_the_name_of_a_string_is_said():
    """A refused string is named by where it came from."""
    with pytest.raises(ConfigurationError, match="the string from environment X can't be read"):
        read_dsn(Secret("host='open"), "the string from environment X")
