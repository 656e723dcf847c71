import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from salon import sample

SORT_COLUMNS = {
    "clients": ("last_visit_date", "visit_count", "last_sync_at", "client_segment"),
    "services": ("weight", "last_sync_at"),
    "staff": ("rating", "last_sync_at"),
    "bookings": ("synced_at", "date", "client_phone"),
    "appointments_cache": ("client_id", "created_at", "cost"),
    "dialog_contexts": ("last_activity", "company_id"),
    "sync_status": ("last_sync_at",),
    "messages": ("intent", "status"),
    "whatsapp_keys": ("created_at", "updated_at", "expires_at"),
}


def digest(seed):
    """Return a digest of every cell of the sample."""
    lines = hashlib.sha256()
    for one in sample.samples(seed=seed):
        for row in one.rows:
            lines.update(repr((one.table, tuple(row.items()))).encode())
    return lines.hexdigest()


@pytest.fixture(scope="module")
def rows():
    """Every row of the sample at scale 1, by table."""
    return {one.table: list(one.rows) for one in sample.samples()}


def test_sizes(rows):
    """At scale 1 every table has the rows that the page promises."""
    assert {table: len(found) for table, found in rows.items()} == {
        "companies": 1,
        "clients": 1299,
        "services": 63,
        "staff": 12,
        "staff_schedules": 50,
        "bookings": 38,
        "appointments_cache": 200,
        "dialog_contexts": 50,
        "reminders": 20,
        "sync_status": 4,
        "messages": 2000,
        "whatsapp_auth": 1,
        "whatsapp_keys": 728,
    }


def test_key_types(rows):
    """The keys are of the types, and in the numbers, of the first deployment's sample."""
    counts = Counter(row["key_type"] for row in rows["whatsapp_keys"])
    assert (counts["pre-key"], counts["lid-mapping"], counts["session"]) == (275, 250, 131)
    assert counts.total() - 275 - 250 - 131 == 72


@pytest.mark.parametrize("scale", [0.01, 2.5])
def test_scale(scale):
    """Clients, visits, messages and keys grow with the scale; the rest stays."""
    sizes = {one.table: sum(1 for _ in one.rows) for one in sample.samples(scale=scale)}
    growing = {"clients", "appointments_cache", "messages"}
    for table, size in sample.SIZES.items():
        if table == "whatsapp_keys":
            assert sizes[table] == pytest.approx(711 * scale + 17, abs=5)
        else:
            assert sizes[table] == (round(size * scale) if table in growing else size)


@pytest.mark.parametrize("scale", [0, -1, float("nan")])
def test_scale_refused(scale):
    """A scale that is not above zero is refused before a row is made."""
    with pytest.raises(ValueError, match="above 0"):
        sample.samples(scale=scale)


def test_same_seed_in_another_process():
    """Another process, with another hash seed, makes the same rows of the same seed."""
    code = "import test_sample; print(test_sample.digest(7))"
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "12345",
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path]),
    }
    printed = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment
    ).stdout
    assert printed.strip() == digest(7)


def test_other_seed():
    """Another seed makes other rows, secrets included."""
    assert digest(1) != digest(2)
    first, second = (next(next(iter(sample.samples(seed=seed))).rows) for seed in (1, 2))
    assert first["api_key"] != second["api_key"]


def test_rows_of_a_table_name_the_same_columns(rows):
    """COPY takes the columns of the first row; every other row names the same."""
    for table, found in rows.items():
        assert {tuple(sorted(row)) for row in found} == {tuple(sorted(found[0]))}, table


def test_samples_are_lazy():
    """Nothing is made before it is asked for: a billion clients cost nothing yet."""
    clients = sample.samples(scale=1_000_000)[1]
    assert next(clients.rows)["id"] == 1


def test_null_in_sort_columns(rows):
    """Every nullable sort column holds NULL somewhere and a value elsewhere."""
    for table, columns in SORT_COLUMNS.items():
        for column in columns:
            kinds = {row[column] is None for row in rows[table]}
            assert kinds == {True, False}, f"{table}.{column}"


def test_arrays(rows):
    """Arrays are empty, NULL, filled, and hold NULL, quotes, commas and backslashes."""
    tags = [row["tags"] for row in rows["clients"]]
    assert None in tags
    assert [] in tags
    elements = [element for found in tags if found for element in found]
    assert None in elements
    assert any(element and "," in element for element in elements)
    assert any(element and '"' in element for element in elements)
    assert any(element and "\\" in element for element in elements)


def test_jsonb_kinds(rows):
    """Jsonb holds objects, arrays, a string that looks like a number, null, and SQL NULL."""
    found = [row["preferences"] for row in rows["clients"]]
    kinds = {type(json.loads(text)) for text in found if text is not None}
    assert kinds == {dict, list, str, type(None)}
    assert None in found
    assert any(isinstance(json.loads(row["value"]), str) for row in rows["whatsapp_keys"])


def test_text(rows):
    """Names and messages hold Russian with ё, quotes, commas, wildcards and emoji."""
    names = " ".join(row["name"] for row in rows["clients"])
    texts = " ".join(row["message"] or "" for row in rows["messages"])
    for wanted in ("ё", '"', "'", ",", "%", "_", "*", "\\", "💅"):
        assert wanted in names
    for wanted in ("ё", '"', ",", "\n", "\t", "👍"):
        assert wanted in texts


def test_shared_phone(rows):
    """Exactly two clients share one phone."""
    shared = [n for n in Counter(row["phone"] for row in rows["clients"]).values() if n > 1]
    assert shared == [2]


def test_phones_are_never_assigned(rows):
    """Every run of ten or more digits that is a phone begins with 7000 or 8000."""
    columns = ("phone", "raw_phone", "user_id", "client_phone", "whatsapp_phone")
    phones = [
        re.sub(r"@.*|\D", "", str(row[column]))
        for found in rows.values()
        for row in found
        for column in columns
        if row.get(column)
    ]
    assert len(phones) > 4000
    assert all(re.fullmatch(r"[78]000\d{7}", phone) for phone in phones)


def test_both_spellings_of_buffers(rows):
    """Buffers stand as a list of numbers and as base64; one value only looks like a Buffer."""
    values = " ".join(row["value"] for row in rows["whatsapp_keys"])
    assert '{"type": "Buffer", "data": [' in values
    assert '{"type": "Buffer", "data": "' in values
    assert '{"type": "Buffer", "data": [1, 2, 3], "note"' in values


def test_secrets_say_that_they_are_invented(rows):
    """The company's secret columns are marked as invented."""
    (company,) = rows["companies"]
    for column in ("api_key", "webhook_secret", "whatsapp_session_data"):
        assert company[column].startswith("invented-")


def test_messages_cross_the_first_partition(rows):
    """Some messages are older than the first declared month, none newer than the last."""
    times = [row["created_at"] for row in rows["messages"]]
    older = sum(time < datetime(2025, 11, 1, tzinfo=UTC) for time in times)
    assert 0 < older < 1000
    assert datetime(2025, 11, 1, tzinfo=UTC) in times
    assert max(times) < datetime(2026, 5, 1, tzinfo=UTC)
