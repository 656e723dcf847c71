"""Reading pg_restore's listing, and cleaning the script that it writes."""

import pytest

from changeover.model.errors import ToolFailedError
from changeover.transfer.schema_archive import KINDS, clean, parse_contents

LISTING = """;
; Selected TOC Entries:
;
7; 2615 2200 SCHEMA - public owner
225; 1259 16492 TABLE public notes owner
;\tdepends on: 879 7 879
2705; 0 0 SEQUENCE OWNED BY public tags_id_seq owner
;\tdepends on: 226
2538; 2606 16535 FK CONSTRAINT public a\u2028b c owner
"""


def test_entries_are_read_with_what_they_need():
    """Numbers, kinds of several words, needs, and names that hold odd separators."""
    entries = parse_contents(LISTING, {7, 225})
    assert [(e.number, e.catalog, e.oid, e.kind) for e in entries] == [
        (7, 2615, 2200, "SCHEMA"),
        (225, 1259, 16492, "TABLE"),
        (2705, 0, 0, "SEQUENCE OWNED BY"),
        (2538, 2606, 16535, "FK CONSTRAINT"),
    ]
    assert [e.depends for e in entries] == [(), (879, 7, 879), (226,), ()]
    assert [e.is_early for e in entries] == [True, True, False, False]
    assert entries[3].text == "public a\u2028b c owner"


def test_a_kind_that_we_do_not_know_is_an_error():
    """What a later version may bring is named, not skipped."""
    with pytest.raises(ToolFailedError, match="FANCY THING"):
        parse_contents("5; 1 2 FANCY THING public x owner\n", set())


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_told_from_those_that_begin_alike(kind):
    """The longest kind wins."""
    (entry,) = parse_contents(f"5; 1 2 {kind} public x owner\n", set())
    assert entry.kind == kind


SCRIPT = b"""--
-- PostgreSQL database dump
--

\\restrict abcDEF123

-- Dumped from database version 16.14
-- Dumped by pg_dump version 18.4

SET statement_timeout = 0;
SET lock_timeout = 0;
SET transaction_timeout = 0;

--
-- Name: f(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $$ SELECT '
\\restrict abcDEF123
-- Dumped from database version 16.14
SET transaction_timeout = 0;
' $$;


--
-- PostgreSQL database dump complete
--

\\unrestrict abcDEF123

"""


def test_a_script_loses_what_only_psql_reads():
    """Meta-commands and versions go, lines of a function's body stay."""
    text = clean(SCRIPT, 180000)
    assert text.count(b"restrict abcDEF123") == 1
    assert text.count(b"-- Dumped from") == 1
    assert b"SET lock_timeout" not in text
    assert text.count(b"SET transaction_timeout = 0;") == 2


def test_a_setting_that_an_older_server_lacks_is_left_out():
    """The preamble's transaction_timeout goes before 17, the same line in a body stays."""
    assert clean(SCRIPT, 160000).count(b"SET transaction_timeout = 0;") == 1


def test_another_key_gives_the_same_text():
    """The random key of each run does not reach the checksum."""
    other = SCRIPT.replace(b"\\restrict abcDEF123\n\n-- Dumped", b"\\restrict xyz\n\n-- Dumped")
    other = other.replace(b"\\unrestrict abcDEF123", b"\\unrestrict xyz")
    assert clean(other, 180000) == clean(SCRIPT, 180000)
