"""What the salon itself refuses; everything else that goes wrong is one of Changeover's errors."""

from changeover import ChangeoverError


class SalonError(ChangeoverError):
    """Something that the salon was asked to do can't be done as asked."""

    code = "SALON100"


class InvalidArgumentError(SalonError):
    """An argument, or a row that was to be written, can't be used; nothing was asked or written."""

    code = "SALON101"


class UnsteadyListError(SalonError):
    """A long list changed during every attempt to read it page by page."""

    code = "SALON102"
