"""Knobs as values: what rows of the table come to."""

import pytest

from changeover.model.errors import ConfigurationError
from changeover.model.settings import CopySettings
from changeover.transfer.knob import Knobs, decode_knobs

SETTINGS = CopySettings(workers=3, source_latency_ms_max=7.5)


def test_what_is_not_turned_has_the_value_of_the_configuration():
    """Without rows the knobs are the settings; rows of other rooms are passed over."""
    assert decode_knobs(SETTINGS, {"mirror.paused": "on"}) == Knobs(
        paused=False,
        workers=3,
        source_latency_ms_max=7.5,
        source_connections_percent_max=90.0,
        lag_keys_max=0,
    )


def test_a_row_stands_above_the_configuration():
    """Each kind of value is read."""
    knobs = decode_knobs(
        SETTINGS,
        {
            "copy.paused": " On ",
            "copy.workers": "1",
            "copy.source_latency_ms_max": "0.5",
            "copy.disk_path": "/data",
        },
    )
    assert (knobs.paused, knobs.workers) == (True, 1)
    assert (knobs.source_latency_ms_max, knobs.disk_path) == (0.5, "/data")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("copy.paused", "maybe"),
        ("copy.workers", "-1"),
        ("copy.workers", "1.5"),
        ("copy.source_latency_ms_max", "nan"),
        ("copy.disk_free_percent_min", "-3"),
        ("copy.pased", "on"),
    ],
)
def test_what_cannot_be_understood_is_an_error(name, value):
    """An unknown name or an unreadable value is never passed over; the error names it."""
    with pytest.raises(ConfigurationError, match=name):
        decode_knobs(SETTINGS, {name: value})
