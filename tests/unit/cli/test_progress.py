import io
import json

import pytest
from rich.console import Console

from changeover.cli.progress import INTERVAL_S, Picture, Progress, json_lines
from changeover.model.name import TableName
from changeover.model.observation import (
    CopyProgressed,
    CopyThrottled,
    MarkerReturned,
    MirrorFailed,
    PhaseChanged,
    PhaseState,
    RangeVerified,
    RoundFinished,
    SwapMoved,
)
from changeover.model.side import Direction

ORDERS = TableName("public", "orders")
COPIED = CopyProgressed(table=ORDERS, rows=1000, ranges_done=1, ranges_total=4)
ROUND = RoundFinished(direction=Direction.FORWARD, epoch=1, batch_id=7, keys=3, seconds=0.01)
EVERYTHING = (
    COPIED,
    CopyThrottled(reason="source latency 300 ms above 250 ms"),
    ROUND,
    MarkerReturned(direction=Direction.FORWARD, lag_ms=12.0),
    MirrorFailed(direction=Direction.FORWARD, code="CO201", message="the target is away"),
    RangeVerified(table=ORDERS, rows=10, is_equal=False),
    SwapMoved(swap_id=1, kind="cutover", phase="draining"),
    PhaseChanged(name="copy", state=PhaseState.STARTED),
)


@pytest.fixture
def off_terminal():
    """Progress that writes into a file, with a clock that stands until it is moved."""
    out, time = io.StringIO(), [0.0]
    console = Console(file=out, width=200, color_system=None, force_terminal=False)
    return Progress(console, clock=lambda: time[0]), out, time


def test_a_picture_takes_every_observation():
    """Every observation is either counted or a line at once."""
    picture = Picture()
    said = [picture.take(seen) for seen in EVERYTHING]
    assert [line for line in said if line] == [
        "waiting: source latency 300 ms above 250 ms",
        "mirror forward: CO201 the target is away",
        "cutover 1: draining",
        "copy: started",
    ]
    assert picture.lines() == [
        "public.orders: 2/4 ranges, 1,010 rows, 1 unequal",
        "mirror: 1 rounds, 3 keys",
        "marker: back after 12 ms",
        "waiting: source latency 300 ms above 250 ms",
    ]


def test_off_a_terminal_there_is_a_line_every_few_seconds(off_terminal):
    """Observations within the interval make no line; the first one after it does."""
    progress, out, time = off_terminal
    with progress:
        progress(COPIED)
        progress(COPIED)
        assert out.getvalue() == ""
        time[0] = INTERVAL_S
        progress(COPIED)
        assert len(out.getvalue().splitlines()) == 1
        assert "public.orders 1/4 ranges, 3,000 rows" in out.getvalue()


def test_the_last_state_is_said_at_the_end(off_terminal):
    """A command that ends within the interval still says what it did."""
    progress, out, _ = off_terminal
    with progress:
        progress(COPIED)
    assert "public.orders 1/4 ranges" in out.getvalue()


def test_what_happens_once_is_said_at_once(off_terminal):
    """A change of phase does not wait for the interval."""
    progress, out, _ = off_terminal
    progress(PhaseChanged(name="copy", state=PhaseState.STARTED))
    assert "copy: started" in out.getvalue()


def test_on_a_terminal_nothing_goes_to_stdout(capsys):
    """The live table is drawn on its own console, and taken down at the end."""
    out = io.StringIO()
    with Progress(Console(file=out, force_terminal=True, width=100)) as progress:
        for seen in EVERYTHING:
            progress(seen)
    assert "public.orders" in out.getvalue()
    assert capsys.readouterr().out == ""


def test_json_lines_hold_every_observation(capsys):
    """Each observation is one JSON object on stderr; a round without keys is left out."""
    for seen in EVERYTHING:
        json_lines(seen)
    json_lines(RoundFinished(direction=Direction.FORWARD, epoch=1, batch_id=8, keys=0, seconds=0.0))
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in said] == [type(seen).__name__ for seen in EVERYTHING]
    assert said[0]["table"] == "public.orders"
    assert all("at" in line for line in said)


def test_ranges_without_a_total_are_no_open_tables():
    """A verification does not know its ranges beforehand, and does not say that none is done."""
    picture = Picture()
    picture.take(RangeVerified(table=ORDERS, rows=10, is_equal=True))
    assert picture.summary() == "1 tables; public.orders 1 ranges, 10 rows"
