"""The ledger and its judgement: exact about what was lost, extra, doubled, failed and unknown."""

import pytest

from salon.demo.ledger import Ledger, Outcome, judge, read


@pytest.fixture
def book(tmp_path):
    """A function that writes a ledger of (number, outcomes) and returns its records."""

    def write(*fates):
        path = tmp_path / "writer-1.jsonl"
        with Ledger(path, 1) as ledger:
            for number, *outcomes in fates:
                ledger.intend(number, "message received")
                for outcome in outcomes:
                    ledger.settle(number, outcome)
        return read([path])

    return write


def test_a_clean_ledger_is_clean(book):
    """Every acknowledged write there once is clean, one repeated after a refusal too."""
    records = book((1, Outcome.ACKNOWLEDGED), (2, Outcome.REFUSED, Outcome.ACKNOWLEDGED))
    judgement = judge(records, [(1, 1), (1, 2)])
    assert judgement.is_clean
    assert (judgement.acknowledged, judgement.repeated) == (2, 1)


def test_an_acknowledged_write_that_is_gone_is_lost(book):
    """An acknowledged write without its row is lost, by name."""
    judgement = judge(book((1, Outcome.ACKNOWLEDGED), (2, Outcome.ACKNOWLEDGED)), [(1, 2)])
    assert judgement.lost == ((1, 1),)
    assert not judgement.is_clean


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.FAILED])
def test_a_refused_write_that_is_there_is_extra(book, outcome):
    """A write that was told not to have happened, and did, is extra; it failed as well."""
    judgement = judge(book((1, outcome)), [(1, 1)])
    assert judgement.extra == ((1, 1),)
    assert judgement.failed == ((1, 1),)


def test_a_row_that_nobody_intended_is_extra(book):
    """A fingerprint without an intention is extra."""
    assert judge(book((1, Outcome.ACKNOWLEDGED)), [(1, 1), (1, 7)]).extra == ((1, 7),)


def test_a_row_that_is_there_twice_is_doubled(book):
    """A fingerprint that is found three times is doubled twice."""
    judgement = judge(book((1, Outcome.ACKNOWLEDGED)), [(1, 1)] * 3)
    assert judgement.doubled == ((1, 1), (1, 1))
    assert not judgement.is_clean


@pytest.mark.parametrize("rows", [[], [(1, 1)]])
def test_an_unknown_write_may_be_there_or_not(book, rows):
    """Unknown is neither lost nor extra, and so is an intention without an outcome."""
    for records in (book((1, Outcome.UNKNOWN)), book((1,))):
        judgement = judge(records, rows)
        assert judgement.is_clean
        assert (judgement.unknown, judgement.unknown_present) == (1, len(rows))


def test_a_torn_last_line_is_passed_over(book, tmp_path):
    """What a killed writer left half written is no record; what stands before it counts."""
    book((1, Outcome.ACKNOWLEDGED))
    path = tmp_path / "writer-1.jsonl"
    path.write_text(path.read_text() + '{"writer": 1, "num')
    assert judge(read([path]), [(1, 1)]).is_clean
