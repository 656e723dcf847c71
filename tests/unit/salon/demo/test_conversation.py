"""A conversation knows what it wrote, and sees when it is shown less."""

from salon.demo.conversation import WEIGHTS, Conversation
from salon.layer import DataLayer


def turn_of(conversation, method):
    """Return the next call of a method."""
    return next(
        turn for turn in iter(conversation.following, None) if turn.method == method and turn.number
    )


def test_every_call_is_one_of_the_data_layer():
    """What is called exists."""
    assert all(hasattr(DataLayer, method) for method in WEIGHTS)


def test_lanes_share_no_user():
    """Each user's dialogue is written by one lane alone."""
    lanes = [set(Conversation(lane=number).phones) for number in range(8)]
    assert sum(map(len, lanes)) == len(set.union(*lanes))


def test_the_same_seed_asks_the_same():
    """A run can be made again."""
    one, other = (Conversation(lane=3) for _ in range(2))
    assert [one.following() for _ in range(50)] == [other.following() for _ in range(50)]


def test_less_than_was_written_is_seen():
    """An older number, or no row at all, after an acknowledged write is a stale read."""
    conversation = Conversation(lane=0)
    written = turn_of(conversation, "upsert_dialog_context")
    conversation.settle(written, {})
    phone = written.phone
    read = next(
        turn
        for turn in iter(conversation.following, None)
        if turn.method == "get_dialog_context" and turn.phone == phone
    )
    assert read.number == written.number
    assert not conversation.settle(read, {"data": {"n": written.number}})
    assert conversation.settle(read, {"data": {"n": written.number - 1}})
    assert conversation.settle(read, None)
