"""The one spelling of a phone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salon.error import InvalidArgumentError
from salon.phone import normalise


@pytest.mark.parametrize(
    ("given_phone", "digits"),
    [
        ("79001234567", "79001234567"),
        ("+7 (900) 123-45-67", "79001234567"),
        ("8 900 123 45 67", "79001234567"),
        ("9001234567", "79001234567"),
        ("79001234567@c.us", "79001234567"),
        ("79001234567@s.whatsapp.net", "79001234567"),
        ("79001234567:12@s.whatsapp.net", "79001234567"),
        ("9001234567@lid", "79001234567"),
        ("4951234567", "4951234567"),
        ("80012345678", "70012345678"),
        ("380441234567", "380441234567"),
        ("123456789012345", "123456789012345"),
    ],
)
def test_a_phone_has_one_spelling(given_phone, digits):
    """However a phone is typed, it is stored as the same digits."""
    assert normalise(given_phone) == digits


@pytest.mark.parametrize(
    "bad",
    [None, 79001234567, b"79001234567", "", "нет", "123456789", "1234567890123456", "@c.us", ":7@x",
     "٧٩٠٠١٢٣٤٥٦٧"],
)  # fmt: skip
def test_what_is_no_phone_is_refused(bad):
    """What is no text, or has too few or too many digits, is refused without being repeated."""
    with pytest.raises(InvalidArgumentError) as caught:
        normalise(bad)
    assert not isinstance(bad, str) or not bad or bad not in str(caught.value)


@given(
    st.lists(st.sampled_from("0123456789"), min_size=9, max_size=16), st.text("+-() ", max_size=3)
)
def test_normalising_again_changes_nothing(digits, between):
    """A normalised phone is 10 to 15 digits, and stays as it is."""
    try:
        found = normalise(between.join(digits))
    except InvalidArgumentError:
        return
    assert found.isascii()
    assert found.isdigit()
    assert 10 <= len(found) <= 15
    assert normalise(found) == found
