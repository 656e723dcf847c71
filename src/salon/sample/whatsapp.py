"""Rows of the WhatsApp sessions: credentials and keys as Baileys writes them, with random bytes.

Buffers stand in both spellings, a list of numbers and base64. lid-mapping values are JSON strings
that look like numbers; one value only looks like a Buffer. No key here opens anything.
"""

# Remainders of the index choose which rows are special (PLR2004).
# ruff: noqa: PLR2004

from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from salon.sample import words
from salon.sample.catalogue import REFERENCE, Row, moment

VERSION_NAMES: Final = (
    "critical_block",
    "critical_unblock_low",
    "regular",
    "regular_high",
    "regular_low",
)
TTL_DAYS: Final = {"lid-mapping": 7, "pre-key": 7, "session": 7, "sender-key": 7}
TTL_DAYS_OTHER: Final = 14


def buffer(generator: Random, size: int) -> Row:
    """Return random bytes as Baileys' Buffer, in one of its two spellings.

    Args:
        generator: Where the bytes come from.
        size: Bytes.
    """
    data = generator.randbytes(size)
    if generator.getrandbits(1):
        return {"type": "Buffer", "data": list(data)}
    return {"type": "Buffer", "data": b64encode(data).decode("ascii")}


def whatsapp_auth(generator: Random) -> Iterator[Row]:
    """Yield the credentials of the one salon."""
    creds = {
        "noiseKey": _pair(generator),
        "signedIdentityKey": _pair(generator),
        "signedPreKey": {
            "keyPair": _pair(generator),
            "signature": buffer(generator, 64),
            "keyId": 1,
        },
        "registrationId": generator.randrange(16_384),
        "advSecretKey": f"invented-{generator.randbytes(24).hex()}",
        "me": {"id": "70000000002:7@s.whatsapp.net", "name": 'Салон "Ёлки-палки" 💇‍♀️', "lid": None},
        "account": {"details": buffer(generator, 40), "deviceSignature": buffer(generator, 64)},
        "processedHistoryMessages": [],
        "nextPreKeyId": 276,
        "registered": False,
        "lastPropHash": None,
        "accountSyncCounter": 1.5,
    }
    yield {
        "company_id": str(words.COMPANY),
        "creds": words.json_text(creds),
        "created_at": REFERENCE - timedelta(days=90),
        "updated_at": REFERENCE - timedelta(minutes=11, microseconds=123),
    }


def whatsapp_keys(generator: Random, counts: dict[str, int]) -> Iterator[Row]:
    """Yield the keys.

    Args:
        generator: Where all chance comes from.
        counts: Keys wanted per type; each type must be one of VALUES.
    """
    for key_type, count in counts.items():
        key_id, value = VALUES[key_type]
        ttl = timedelta(days=TTL_DAYS.get(key_type, TTL_DAYS_OTHER))
        for index in range(count):
            updated = moment(generator, days=20).replace(tzinfo=UTC)
            yield {
                "company_id": str(words.COMPANY),
                "key_type": key_type,
                "key_id": key_id(index),
                "value": words.json_text(value(generator, index)),
                "created_at": _unless(index % 19 == 18, updated - timedelta(days=index % 30)),
                "updated_at": _unless(index % 23 == 22, updated),
                "expires_at": _unless(index % 10 == 9, updated + ttl),
            }


def _unless(condition: bool, value: datetime) -> datetime | None:  # noqa: FBT001 - reads as said
    return None if condition else value


def _pair(generator: Random) -> Row:
    return {"public": buffer(generator, 32), "private": buffer(generator, 32)}


def _pre_key(generator: Random, _index: int) -> object:
    return _pair(generator)


def _lid_mapping(_generator: Random, index: int) -> object:
    lid = str(100_000_000_000_000 + index // 2)
    return words.client_phone(index // 2) if index % 2 else lid


def _lid_mapping_id(index: int) -> str:
    lid = 100_000_000_000_000 + index // 2
    return f"{lid}_reverse" if index % 2 else words.client_phone(index // 2) + f"-{index // 2}"


def _session(generator: Random, index: int) -> object:
    if index % 16 == 0:
        return buffer(generator, 6000)
    chains = {b64encode(generator.randbytes(33)).decode("ascii"): {"chainType": 2, "messages": {}}}
    return {
        "version": "v1",
        "_sessions": {
            b64encode(generator.randbytes(33)).decode("ascii"): {
                "registrationId": generator.randrange(2**31),
                "currentRatchet": {"rootKey": buffer(generator, 32), "ephemeral": _pair(generator)},
                "indexInfo": {"created": 1_770_000_000_000 + index, "closed": -1},
                "_chains": chains,
            }
        },
    }


def _sender_key(generator: Random, index: int) -> object:
    state = {
        "senderKeyId": index,
        "senderChainKey": {"iteration": 0, "seed": buffer(generator, 32)},
    }
    return [state] if index % 2 else buffer(generator, 400)


def _sync_key(generator: Random, index: int) -> object:
    return {
        "keyData": buffer(generator, 32),
        "fingerprint": {"rawId": generator.getrandbits(32), "deviceIndexes": [0, index]},
        "timestamp": str(1_770_000_000_000 + index),
    }


def _sync_version(generator: Random, index: int) -> object:
    return {
        "version": index,
        "hash": buffer(generator, 128),
        "indexValueMap": {"ключ, ё": {"valueMac": buffer(generator, 32)}},
        "lookalike": {"type": "Buffer", "data": [1, 2, 3], "note": "no Buffer: it has other keys"},
    }


def _sender_key_memory(_generator: Random, index: int) -> object:
    return {
        f"{words.client_phone(index + step)}:0@s.whatsapp.net": True for step in range(index % 4)
    }


def _group(index: int) -> str:
    return f"{120_363_000_000_000_000 + index}@g.us"


VALUES: Final[dict[str, tuple[Callable[[int], str], Callable[[Random, int], object]]]] = {
    "pre-key": (lambda index: str(index + 1), _pre_key),
    "lid-mapping": (_lid_mapping_id, _lid_mapping),
    "session": (lambda index: f"{100_000_000_000_000 + index}_1.{index % 100}", _session),
    "sender-key": (lambda index: f"{_group(index)}::{words.client_phone(index)}_1::0", _sender_key),
    "sender-key-memory": (_group, _sender_key_memory),
    "app-state-sync-key": (lambda index: f"AAAAA{index:03d}/+==", _sync_key),
    "app-state-sync-version": (lambda index: VERSION_NAMES[index], _sync_version),
}
