"""Where one database of the move is, and who we are there."""

import hashlib
from dataclasses import dataclass

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from changeover.model.secret import Secret
from changeover.model.side import Side


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
