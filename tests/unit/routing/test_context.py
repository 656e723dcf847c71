"""Who a request is for."""

import asyncio
from uuid import UUID

import pytest

from changeover.engine.message import Message
from changeover.routing.context import (
    HEADER,
    KEY_CHARACTERS_MAX,
    NOBODY,
    context,
    context_of,
    current,
    without_header,
)


def asked(*headers):
    """A request with headers."""
    return Message(method="GET", path="/booking", headers=headers)


def test_nobody_is_named_outside_of_a_block():
    """Outside of a block there is no targeting key."""
    assert current() is NOBODY
    assert current().targeting_key is None


def test_a_block_names_somebody_and_forgets_him():
    """A block holds for the code inside of it, whatever happens there."""

    def fail():
        with context(targeting_key="anna", attributes={"plan": "gold"}):
            assert current().targeting_key == "anna"
            assert current().attributes == {"plan": "gold"}
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert current() is NOBODY


def test_an_inner_block_keeps_what_it_does_not_name():
    """A key is inherited where none is given, attributes are joined."""
    with context(targeting_key="anna", attributes={"plan": "gold", "city": "Omsk"}):
        with context(attributes={"plan": "free"}):
            assert current().targeting_key == "anna"
            assert current().attributes == {"plan": "free", "city": "Omsk"}
        with context(targeting_key="boris"):
            assert current().targeting_key == "boris"
            assert current().attributes["plan"] == "gold"
        assert current().attributes["plan"] == "gold"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (7, "7"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (" anna ", "anna"),
        ("", None),
        ("x" * KEY_CHARACTERS_MAX, "x" * KEY_CHARACTERS_MAX),
        ("x" * (KEY_CHARACTERS_MAX + 1), None),
    ],
)
def test_a_key_is_a_text_of_limited_length(given, text):
    """Numbers and UUIDs count as their texts; what is empty or too long is no key."""
    with context(targeting_key=given):
        assert current().targeting_key == text
    assert context_of(asked((HEADER.lower(), str(given)))).targeting_key == text


def test_tasks_of_one_loop_do_not_see_each_other():
    """Each task has its own block, and its children inherit it."""

    async def ask():
        await asyncio.sleep(0)
        return current().targeting_key

    async def one(key):
        async with context(targeting_key=key):
            await asyncio.sleep(0)
            return await asyncio.create_task(ask())

    async def all_of_them():
        return await asyncio.gather(*map(one, "abc"))

    assert asyncio.run(all_of_them()) == ["a", "b", "c"]


def test_a_block_goes_before_the_header():
    """The header speaks for those who have no block."""
    message = asked((HEADER.lower(), "boris"))
    assert context_of(message).targeting_key == "boris"
    assert context_of(asked()).targeting_key is None
    with context(targeting_key="anna"):
        assert context_of(message).targeting_key == "anna"
    with context(attributes={"plan": "gold"}):
        assert context_of(message).targeting_key == "boris"
        assert context_of(message).attributes == {"plan": "gold"}


def test_the_header_is_never_forwarded():
    """It is taken off every time that it occurs, and nothing else is."""
    message = asked(("accept", "*/*"), (HEADER.lower(), "a"), ("prefer", "x"), (HEADER.lower(), ""))
    assert without_header(message).headers == (("accept", "*/*"), ("prefer", "x"))
    assert without_header(asked(("accept", "*/*"))) == asked(("accept", "*/*"))
