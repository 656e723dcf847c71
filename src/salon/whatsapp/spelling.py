"""How a session's name is spelled, and joining two spellings: `company_42`, once written, and `42`.

Owns which names there are and which of two rows is kept. Knows no backend.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from changeover import ilike
from salon.error import InvalidArgumentError, SalonError
from salon.whatsapp.buffer import encode, revive
from salon.whatsapp.operation import Key, Row, Write
from salon.whatsapp.session import moment

WRONG_PREFIX: Final = "company_"
MISSPELLED: Final = ilike("company_id", r"company\_%")
"""Rows of the wrong spelling; to a pattern, `_` is any character unless it is escaped."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,50}")


class SpellingConflictError(SalonError):
    """Two spellings of a name hold the sessions of two devices."""

    code = "SALON113"


def session_name(company_id: Any) -> str:
    """Return a session's name: the bare number of the tenant, by convention.

    Raises:
        InvalidArgumentError: It is none, or the spelling with the prefix.
    """
    if not isinstance(company_id, str) or not _NAME.fullmatch(company_id):
        raise InvalidArgumentError(
            "company_id must be text of 1 to 50 of A-Z, a-z, 0-9, _ and -",
            hint="give the tenant's number as text",
        )
    if company_id.lower().startswith(WRONG_PREFIX):
        raise InvalidArgumentError(
            f"company_id is spelled without {WRONG_PREFIX!r}",
            hint="two spellings are two sessions; `merge_spellings` joins what was written",
        )
    return company_id


def decide(name: str) -> Callable[[list[Row], list[Row]], Write]:
    """Return what decides which rows of both spellings are written under the right one.

    Args:
        name: The right spelling.
    """

    def choose(auths: list[Row], keys: list[Row]) -> Write:
        return Write(company_id=name, auth=_auth(name, auths), rows=_keys(name, keys))

    return choose


def _auth(name: str, auths: list[Row]) -> Row | None:
    """Return the credentials to write: those of the wrong spelling, if they are newer or alone."""
    if len({_identity(row) for row in auths}) > 1:
        raise SpellingConflictError(
            f"session {name} has credentials of two devices under two spellings",
            hint="export both, remove the one whose device is no longer linked, then merge",
        )
    newest = max(auths, key=_age, default=None)
    if newest is None or newest["company_id"] == name:
        return None
    return {
        "company_id": name,
        "creds": encode(revive(newest["creds"])),
        "updated_at": newest["updated_at"],
    }


def _identity(row: Row) -> Any:
    """Return what tells one linked device from another."""
    creds = revive(row["creds"])
    pair = creds.get("signedIdentityKey") if isinstance(creds, dict) else None
    return pair.get("public") if isinstance(pair, dict) else None


def _keys(name: str, keys: list[Row]) -> tuple[Row, ...]:
    """Return the rows to write; two rows are one key only if type and id are equal."""
    newest: dict[Key, Row] = {}
    for row in sorted(keys, key=lambda one: (_age(one), one["company_id"] == name)):
        newest[row["key_type"], row["key_id"]] = row
    return tuple(
        {**row, "company_id": name, "value": encode(revive(row["value"]))}
        for _, row in sorted(newest.items())
        if row["company_id"] != name
    )


def _age(row: Row) -> float:
    """Return when a row was changed; one that does not say is the oldest."""
    changed = moment(row["updated_at"])
    return changed.timestamp() if changed else 0.0
