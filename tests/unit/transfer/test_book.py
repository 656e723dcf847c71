"""Books: what balances, and what a repetition may close."""

from changeover.transfer.book import Applied, reckon


def applied(keys, log_rows, repeats=None, keys_applied=None):
    """Return a booked batch."""
    return Applied(
        keys_read=keys,
        keys_applied=keys if keys_applied is None else keys_applied,
        log_rows=log_rows,
        repeats=repeats,
    )


def test_pairs_balance():
    """Batches with their counterparts and equal counts are green."""
    assert reckon({1: applied(5, 7), 2: applied(1, 1)}, {1: 5, 2: 1}).is_balanced


def test_a_batch_without_its_counterpart_is_open():
    """A removal that was never booked is named."""
    assert reckon({1: applied(5, 7), 2: applied(1, 1)}, {2: 1}).open_batches == (1,)


def test_a_repetition_closes_an_open_batch():
    """A later batch that took at least the same log rows closes the one it repeats."""
    assert reckon({1: applied(5, 7), 2: applied(6, 8, repeats=1)}, {2: 6}).is_balanced


def test_a_chain_of_repetitions_closes_all():
    """Batches that repeat one another are closed by the last."""
    books = {1: applied(5, 5), 2: applied(5, 5, repeats=1), 3: applied(5, 6, repeats=2)}
    assert reckon(books, {3: 5}).is_balanced


def test_a_smaller_batch_repeats_nothing():
    """A batch that took fewer rows out of the log did not repeat the one that it names."""
    books = {1: applied(240, 240), 2: applied(12, 12, repeats=1)}
    assert reckon(books, {2: 12}).open_batches == (1,)


def test_counts_that_disagree_are_unequal():
    """Keys read, applied and removed must be one number."""
    books = {1: applied(5, 5, keys_applied=4), 2: applied(5, 5)}
    assert reckon(books, {1: 5, 2: 4}).unequal_batches == (1, 2)


def test_a_removal_without_a_merge_is_unequal():
    """A batch that only the primary booked is named; older ones have been pruned."""
    assert reckon({5: applied(1, 1)}, {4: 1, 5: 1, 6: 1}).unequal_batches == (6,)
