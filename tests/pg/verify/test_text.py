"""Texts that we build ourselves are those that the servers build."""

import json

from changeover.transfer.verify.divergence import array_text

TEXTS = ["", "a", "a b", "NULL", "null", "nUll", "a,b", '"', "\\", "{", "}", "{}", "\t", "\n", "\v"]
TEXTS += [
    "\f",
    "\r",
    "'",
    "ключ",
    "日本",
    "\u00a0",
    "\u2003",
    "a;b",
    "%s",
    "$1",
    "(a)",
    "\u0085",
    "-",
]


def test_our_array_text_is_the_servers(source_server, target_server):
    """Both versions write arrays of every nasty text as we do, which keys of the log depend on."""
    for server in (source_server, target_server):
        with server.connect() as connection:
            for text in TEXTS:
                row = connection.execute(
                    "SELECT ARRAY[j ->> 0, 'x', j ->> 0]::text[]::text FROM (SELECT %s::jsonb AS j)"
                    " AS s",
                    (json.dumps([text]),),
                ).fetchone()
                assert row[0] == array_text((text, "x", text)), (server.major, text)
