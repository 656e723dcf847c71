"""WhatsApp sessions of salons: credentials and keys that exist nowhere else.

`SessionStore` answers at once, `AsyncSessionStore` when it is awaited, over PostgreSQL or over the
official client. Methods are written once, as generators of operations. An error is always raised:
an outage is never "no keys", since the library would make new ones over living sessions.
"""

from salon.whatsapp.folder import FolderError
from salon.whatsapp.health import Health, Status, Tended
from salon.whatsapp.key_type import KEY_TYPES, UnknownKeyFileError
from salon.whatsapp.over_repository import AsyncRepositoryBackend, RepositoryBackend
from salon.whatsapp.over_side import Authority
from salon.whatsapp.session import AsyncSession, Session
from salon.whatsapp.setting import Settings
from salon.whatsapp.spelling import SpellingConflictError
from salon.whatsapp.store import AsyncSessionStore, NoSessionError, SessionStore

__all__ = [
    "KEY_TYPES",
    "AsyncRepositoryBackend",
    "AsyncSession",
    "AsyncSessionStore",
    "Authority",
    "FolderError",
    "Health",
    "NoSessionError",
    "RepositoryBackend",
    "Session",
    "SessionStore",
    "Settings",
    "SpellingConflictError",
    "Status",
    "Tended",
    "UnknownKeyFileError",
]
