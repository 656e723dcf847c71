"""The numbers of WhatsApp sessions, against SQL by hand."""

import datetime as dt

from salon.session_report import read_sessions


def test_an_empty_database_has_no_sessions(target):
    """Nothing is counted, and there is no oldest save."""
    found = read_sessions(target, "1")
    assert (found.keys_by_type, found.expired, found.keys_by_age) == ({}, 0, (0, 0, 0, 0, 0))
    assert (found.new_keys, found.oldest_save) == ({}, None)


def test_keys_are_counted_by_type_and_expiry(filled_target):
    """Types of all sessions; expired keys of this session; when credentials were saved."""
    ((company, saved),) = filled_target.execute("SELECT company_id, updated_at FROM whatsapp_auth")
    found = read_sessions(filled_target, company)
    by_type = "SELECT key_type, count(*) FROM whatsapp_keys GROUP BY 1"
    assert found.keys_by_type == dict(filled_target.execute(by_type).fetchall())
    assert sum(found.keys_by_type.values()) == 728
    expired = "SELECT count(*) FROM whatsapp_keys WHERE expires_at < now()"
    assert found.expired == filled_target.execute(expired).fetchone()[0] > 0
    assert found.oldest_save == saved
    assert read_sessions(filled_target, "nobody").expired == 0


def test_ages_and_growth_of_one_session(target):
    """Each age has its bucket, bounds included; days are UTC's; other sessions don't count."""
    target.execute("SET TimeZone = 'Asia/Kamchatka'")
    with target.transaction():
        target.execute(
            "INSERT INTO whatsapp_keys (company_id, key_type, key_id, value, updated_at,"
            " created_at) SELECT '1', 'session', n, '{}', now() - d * interval '1 day',"
            " now() - d * interval '1 day' FROM unnest(ARRAY[0, 1, 2, 7, 10, 14, 20, 30, 31, 90])"
            " WITH ORDINALITY AS o (d, n)"
        )
        target.execute(
            "INSERT INTO whatsapp_keys (company_id, key_type, key_id, value)"
            " VALUES ('2', 'session', '1', '{}')"
        )
        found = read_sessions(target, "1")
        (today,) = target.execute("SELECT (now() AT TIME ZONE 'UTC')::date").fetchone()
    assert found.keys_by_age == (2, 2, 2, 2, 2)
    days = [today - dt.timedelta(days=n) for n in (0, 1, 2, 7, 10, 14)]
    assert found.new_keys == dict.fromkeys(days, 1)
