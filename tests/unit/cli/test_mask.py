import pytest

from changeover.cli.mask import mask_dsn, mask_key, mask_text
from changeover.database.endpoint import read_dsn
from changeover.model.errors import SecretOnCommandLineError
from changeover.model.secret import Secret
from changeover.model.settings import refuse_password

PASSWORD = "hunter" + "2"


def url(password: str, rest: str = "db.example.com:5432/app") -> str:
    """Return a URL that carries a password."""
    return f"postgresql://app:{password}@{rest}"


@pytest.mark.parametrize(
    "password",
    [PASSWORD, "with/slash", "with#hash", "with?mark", "with[bracket", "with@sign", "per%41cent"],
)
def test_a_password_in_a_url_is_refused_whatever_it_holds(password):
    """Characters at which a URL parser stops don't hide a password on the command line."""
    with pytest.raises(SecretOnCommandLineError) as raised:
        refuse_password(url(password), "--source")
    assert password not in str(raised.value) + raised.value.hint


@pytest.mark.parametrize(
    "dsn",
    [
        "host=db password=x",
        "host=db PASSWORD = 'x y'",
        "host=db sslpassword=x",
        "postgresql://db/app?password=x",
        "postgresql://db/app?sslpassword=x",
    ],
)
def test_a_password_in_a_parameter_is_refused(dsn):
    """Keyword strings and query parameters are searched too."""
    with pytest.raises(SecretOnCommandLineError):
        refuse_password(dsn, "--target")


@pytest.mark.parametrize(
    "dsn",
    [
        "service=app",
        "host=db user=app",
        "postgresql://app@db.example.com:5432/app?sslmode=verify-full",
        "postgresql://app@[::1]:5432/app",
        "postgresql://app@a:5432,b:5433/app",
    ],
)
def test_a_string_without_a_password_passes(dsn):
    """Ports and addresses are not taken for passwords."""
    refuse_password(dsn, "--source")


def test_a_masked_string_says_where_it_leads():
    """Host, port, database and user are shown, the password is not."""
    parts = read_dsn(Secret(url(PASSWORD)), "somewhere")
    shown = mask_dsn(parts)
    assert shown == "host=db.example.com port=5432 dbname=app user=app password=***"


@pytest.mark.parametrize(
    "text",
    [
        f"Got unexpected extra argument ({url(PASSWORD)})",
        f"host=db password={PASSWORD} user=app",
        f"host=db sslpassword = '{PASSWORD}'",
        "apikey sb_" + f"secret_{PASSWORD}",
        f"bearer eyJ{PASSWORD}.{PASSWORD}.{PASSWORD}",
    ],
)
def test_a_text_is_masked(text):
    """URLs, keyword strings, keys and tokens lose their secret wherever they stand."""
    assert PASSWORD not in mask_text(text)


def test_a_key_shows_its_kind_only():
    """A key is told by its prefix; anything else is hidden."""
    assert mask_key("sb_" + f"secret_{PASSWORD}") == "sb_secret_***"
    assert mask_key(PASSWORD) == "***"
