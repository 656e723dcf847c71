"""The one spelling of a phone: digits only, with the country's code."""

from typing import Final

from salon.error import InvalidArgumentError

DIGITS_MIN: Final = 10
DIGITS_MAX: Final = 15
_NATIONAL: Final = 10
_WITH_TRUNK: Final = 11
_DIGITS: Final = frozenset("0123456789")


def normalise(phone: object) -> str:
    """Return a phone's digits as the salon stores them.

    WhatsApp's suffix goes, with the number of the device before it; 10 digits that begin with 9 get
    a 7, 11 digits that begin with 8 get a 7 in place of the 8; there is no plus sign.

    Args:
        phone: What somebody typed, or what WhatsApp calls a chat.

    Returns:
        10 to 15 digits; normalising them again changes nothing.

    Raises:
        InvalidArgumentError: It is no text, or not 10 to 15 digits are left.
    """
    if not isinstance(phone, str):
        raise InvalidArgumentError(
            f"a phone must be text, not {type(phone).__name__}", hint="give it with all its digits"
        )
    name, at, _ = phone.partition("@")
    written = name.partition(":")[0] if at else name
    digits = "".join(one for one in written if one in _DIGITS)
    if len(digits) == _NATIONAL and digits[0] == "9":
        digits = f"7{digits}"
    elif len(digits) == _WITH_TRUNK and digits[0] == "8":
        digits = f"7{digits[1:]}"
    if not DIGITS_MIN <= len(digits) <= DIGITS_MAX:
        raise InvalidArgumentError(
            f"a phone has {DIGITS_MIN} to {DIGITS_MAX} digits, not {len(digits)}",
            hint="give it with the code of its country",
        )
    return digits
