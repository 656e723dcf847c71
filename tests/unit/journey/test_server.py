"""Versions that lose something, and ways to a server that are not safe."""

import re
from importlib import resources

import pytest

from changeover.journey.checks.server import is_local, unsafe_transport
from changeover.journey.checks.version import KNOWN, known_losses, mended_in

UPSERT = "upsert-without-replica-identity"
DUMP = "dump-runs-code"
INDEX = "concurrent-index-corruption"
ORDER = "commit-order-between-nodes"


@pytest.mark.parametrize(
    ("version", "names"),
    [
        (130_021, {DUMP}),
        (130_022, set()),
        (140_003, {DUMP, INDEX}),
        (150_014, {UPSERT}),
        (150_015, set()),
        (160_009, {UPSERT, DUMP}),
        (160_014, set()),
        (170_003, {UPSERT, DUMP}),
        (170_004, {UPSERT, DUMP, ORDER}),
        (170_007, set()),
        (180_000, set()),
    ],
)
def test_each_minor_version_has_its_losses(version, names):
    """A loss is told from its first minor version to the one that mends it, and not beyond."""
    assert {loss.name for loss in known_losses(version)} == names


def test_the_fix_names_the_same_major():
    """A minor upgrade is what mends it, never a major one."""
    (loss,) = [loss for loss in KNOWN if loss.name == UPSERT]
    assert mended_in(loss, 160_003) == "16.11"


@pytest.mark.parametrize(
    ("host", "address", "is_near"),
    [
        ("/var/run/postgresql", "", True),
        ("", "", True),
        ("localhost", "", True),
        ("localhost", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("::1", "::1", True),
        ("tunnel.example.org", "127.0.0.1", True),
        ("db.example.org", "192.0.2.7", False),
        ("db.example.org", "", False),
        ("localhost", "192.0.2.7", False),
        ("10.0.0.5", "10.0.0.5", False),
    ],
)
def test_a_network_is_told_from_none(host, address, is_near):
    """A socket and loopback are local, whatever they are called; a private network is not."""
    assert is_local(host, address) is is_near


@pytest.mark.parametrize(
    ("mode", "is_encrypted", "said"),
    [
        ("prefer", False, "in the clear"),
        ("require", True, "nobody knows who"),
        ("verify-ca", True, "nobody knows who"),
        ("verify-full", True, None),
    ],
)
def test_only_full_verification_is_safe_from_afar(mode, is_encrypted, said):
    """Encryption without a verified name leaves out who is at the other end."""
    fact = unsafe_transport(
        host="db.example.org", address="192.0.2.7", mode=mode, is_encrypted=is_encrypted
    )
    assert (said in fact) if said else fact is None


def test_every_sql_file_is_run_by_somebody():
    """No statement of a check lies about that no check runs."""
    room = resources.files("changeover.journey")
    code = " ".join(
        path.read_text(encoding="utf-8")
        for folder in (room, room.joinpath("checks"))
        for path in folder.iterdir()
        if path.name.endswith(".py")
    )
    named = set(re.findall(r'"([a-z_]+)"', code))
    files = {path.name.removesuffix(".sql") for path in room.joinpath("sql").iterdir()}
    assert files - named == set()
