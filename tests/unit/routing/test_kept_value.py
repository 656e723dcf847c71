"""The cells of settled differences, where somebody asked for them."""

import json
import logging
import stat

from changeover.routing.kept_value import LINES_MAX, KeptValues
from changeover.routing.mismatch import Difference, MismatchClass


def difference(number=1):
    """Return a difference with its cells."""
    return Difference(
        kind=MismatchClass.VALUE,
        table="film",
        columns=("title",),
        key_hash="00ff",
        values=(f"a {number}", "b"),
    )


def test_it_is_said_aloud_and_the_file_is_the_owners_alone(tmp_path, caplog):
    """The log tells of the file once, without a cell; its mode is 0600."""
    path = tmp_path / "values.jsonl"
    kept = KeptValues(str(path))
    with caplog.at_level(logging.WARNING):
        kept.write([difference()])
        kept.write([difference(2)])
    assert [str(path) in record.getMessage() for record in caplog.records] == [True]
    assert "a 1" not in caplog.text
    assert [json.loads(line)["primary"] for line in path.read_text().splitlines()] == ["a 1", "a 2"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_can_not_be_written_harms_nobody(tmp_path, caplog):
    """It is told once, and differences are counted as before."""
    kept = KeptValues(str(tmp_path / "nowhere" / "values.jsonl"))
    with caplog.at_level(logging.WARNING):
        for number in range(3):
            kept.write([difference(number)])
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "FileNotFoundError" in caplog.text


def test_a_link_is_not_followed(tmp_path, caplog):
    """Who may write the directory can't turn the cells elsewhere."""
    (tmp_path / "values.jsonl").symlink_to(tmp_path / "elsewhere")
    with caplog.at_level(logging.WARNING):
        KeptValues(str(tmp_path / "values.jsonl")).write([difference()])
    assert not (tmp_path / "elsewhere").exists()


def test_the_file_of_a_process_is_bounded(tmp_path):
    """After so many lines no more are written."""
    path = tmp_path / "values.jsonl"
    kept = KeptValues(str(path))
    for _ in range(LINES_MAX + 5):
        kept.write([difference()])
    assert len(path.read_text().splitlines()) == LINES_MAX
