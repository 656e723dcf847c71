"""What SQL sets of an answer."""

import pytest

from changeover.engine import set_reply
from changeover.engine.refusal import Refusal


def test_status_takes_the_digits_before_anything_else():
    """Rubbish behind the number is ignored."""
    assert set_reply.status("404 not found", 200) == 404


def test_status_that_is_not_set():
    """Without a setting the answer's own status stays."""
    assert set_reply.status(None, 206) == 206


@pytest.mark.parametrize("text", ["abc", " 200", "", "-1"])
def test_status_without_digits(text):
    """A status that begins with no digit is refused."""
    with pytest.raises(Refusal) as refused:
        set_reply.status(text, 200)
    assert refused.value.code == "PGRST112"
    assert refused.value.status == 500


def test_headers_replace_ours_and_repeat():
    """A header of ours gives way in any case; repeats of theirs are kept."""
    ours = (("Content-Type", "a"), ("Vary", "b"))
    text = '[{"content-type": "x"}, {"Set-Cookie": "1"}, {"Set-Cookie": "2"}]'
    assert set_reply.headers(text, ours) == (
        ("Vary", "b"),
        ("content-type", "x"),
        ("Set-Cookie", "1"),
        ("Set-Cookie", "2"),
    )


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '[{"a": 1}]', '[{"a": "1", "b": "2"}]', "[{}]", '{"a": "b"}']
)
def test_headers_of_another_shape(text):
    """Anything but an array of objects of one text is refused."""
    with pytest.raises(Refusal) as refused:
        set_reply.headers(text, ())
    assert refused.value.code == "PGRST111"
