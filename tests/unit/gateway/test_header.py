"""Headers on their way."""

from changeover.gateway.header import decoded, encoded, forwarded


def test_bytes_that_are_no_text_are_replaced():
    """A header that is no UTF-8 is a text all the same."""
    assert decoded([(b"x-name", "Иван".encode()), (b"x-odd", b"\xff")]) == (
        ("x-name", "Иван"),
        ("x-odd", "\N{REPLACEMENT CHARACTER}"),
    )


def test_a_header_can_not_split_an_answer():
    """Line ends in a value become blanks, and a name that is none is left out."""
    found = encoded((("X-One", "a\r\nSet-Cookie: b"), ("X Two: c\r\n", "d"), ("X-Three", "é")))
    assert found == [(b"x-one", b"a Set-Cookie: b"), (b"x-three", "é".encode())]


def test_headers_of_one_connection_stay_here():
    """Hop-by-hop headers, those that Connection names and those left out don't travel on."""
    given = [
        (b"Connection", b"keep-alive, X-Private"),
        (b"x-private", b"1"),
        (b"transfer-encoding", b"chunked"),
        (b"host", b"here"),
        (b"apikey", b"k"),
        (b"set-cookie", b"a"),
        (b"set-cookie", b"b"),
    ]
    assert forwarded(given, but=frozenset({b"host"})) == [
        (b"apikey", b"k"),
        (b"set-cookie", b"a"),
        (b"set-cookie", b"b"),
    ]
