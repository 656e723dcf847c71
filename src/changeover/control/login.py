"""The mirror's login on each side, kept in a file that only we can read."""

import json
import os
from pathlib import Path

from changeover.database import Endpoint
from changeover.model.errors import NotInstalledError
from changeover.model.secret import Secret
from changeover.model.side import Side


def _path(directory: Path, side: Side) -> Path:
    return directory / f"mirror-{side}.json"


def save_login(directory: Path, side: Side, *, role: str | None, secret: Secret) -> None:
    """Write the mirror's login.

    Args:
        directory: The state directory; made with mode 0700 if absent.
        side: The database that it belongs to.
        role: The role, or None where the mirror shows a transaction-local secret instead.
        secret: The password or that secret.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = _path(directory, side)
    partial = path.with_suffix(".new")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"role": role, "secret": secret.reveal()}, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def load_login(directory: Path, owner: Endpoint) -> Endpoint:
    """Return the mirror's endpoint for a side.

    Raises:
        NotInstalledError: If no login was written here.
    """
    path = _path(directory, owner.side)
    if not path.exists():
        raise NotInstalledError(
            f"{owner.side}: no login of the mirror in {directory}",
            hint="run `changeover capture install` from this directory, or set state_directory",
        )
    known = json.loads(path.read_text(encoding="utf-8"))
    if known["role"] is None:
        return Endpoint(side=owner.side, dsn=owner.dsn, mirror_secret=Secret(known["secret"]))
    return owner.with_login(known["role"], Secret(known["secret"]))


def forget_login(directory: Path, side: Side) -> None:
    """Remove the file of a side, if it is there."""
    _path(directory, side).unlink(missing_ok=True)
