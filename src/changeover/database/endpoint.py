"""Where one database of the move is, and who we are there."""

import hashlib
from dataclasses import dataclass

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from changeover.model.errors import ConfigurationError
from changeover.model.secret import Secret
from changeover.model.side import Side


def read_dsn(dsn: Secret, name: str) -> dict[str, str]:
    """Return the parts of a connection string.

    libpq's own complaints quote the string, and of one whose password is not percent-encoded it
    takes a piece of the password for a host: what it would misread is refused here.

    Args:
        dsn: The connection string.
        name: What it goes by, fit to be shown.

    Raises:
        ConfigurationError: If it can't be read, or a password is not percent-encoded.
    """
    try:
        parts = {key: str(value) for key, value in conninfo_to_dict(dsn.reveal()).items()}
    except psycopg.Error:
        raise ConfigurationError(
            f"{name} can't be read",
            hint="write postgresql://user@host:5432/name, service=name or @file",
        ) from None
    if not _is_plausible(parts):
        raise ConfigurationError(
            f"{name} holds a character that its password must escape",
            hint="percent-encode the password (@ is %40, / is %2F), or move it into PGPASSFILE",
        )
    return parts


def _is_plausible(parts: dict[str, str]) -> bool:
    ports = parts.get("port", "").split(",")
    names = parts.get("host", "") + parts.get("dbname", "")
    return "@" not in names and all(port.isdigit() or not port for port in ports)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One database, reached by one role.

    Attributes:
        side: Source or target.
        dsn: The libpq connection string.
        mirror_secret: Set where the mirror has no role of its own: the text that its transactions
            show to the fence. It guards against accidents only.
    """

    side: Side
    dsn: Secret
    mirror_secret: Secret | None = None

    def __post_init__(self) -> None:
        """Refuse a connection string that libpq would quote in its complaint.

        Raises:
            ConfigurationError: If it can't be read.
        """
        read_dsn(self.dsn, f"the {self.side}'s connection string")

    def with_login(self, user: str, password: Secret) -> "Endpoint":
        """Return the same database for another role."""
        changed = make_conninfo(self.dsn.reveal(), user=user, password=password.reveal())
        return Endpoint(side=self.side, dsn=Secret(changed), mirror_secret=self.mirror_secret)

    def with_database(self, name: str) -> "Endpoint":
        """Return the same role for another database of the same server."""
        changed = make_conninfo(self.dsn.reveal(), dbname=name)
        return Endpoint(side=self.side, dsn=Secret(changed), mirror_secret=self.mirror_secret)

    def sslmode(self) -> str:
        """Return the TLS mode that the connection string asks for, or libpq's default."""
        return str(conninfo_to_dict(self.dsn.reveal()).get("sslmode") or "prefer")

    def fingerprint(self) -> str:
        """Return a short digest that tells two connection strings apart without showing them."""
        return hashlib.sha256(self.dsn.reveal().encode()).hexdigest()[:12]
