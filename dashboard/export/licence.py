"""What a licence allows with the values: those that may only be looked at are drawn and written on
pages, and stand in no data file."""

from __future__ import annotations

from collections.abc import Iterable

from dashboard.address import AddressError
from etl.catalog import Catalog, Credit, Indicator, Reuse

#: What is allowed, the least first.
ORDER: tuple[Reuse, ...] = ("view", "credit", "open")


class LicenceError(AddressError):
    """A file of values that the licence of their source does not allow to pass on. `credit` says
    whose they are, and where they can be seen."""

    def __init__(self, parameter: str, indicator: Indicator) -> None:
        credit = indicator.credit
        super().__init__(
            parameter,
            f"{parameter}: {indicator.id} may be looked at here, but its licence does not allow "
            f"its values to be passed on in files. {credit.name.en} ({credit.licence.en}): "
            f"{credit.url}",
            403,
        )
        self.credit: Credit = credit


def may_be_passed_on(indicator: Indicator) -> bool:
    """Whether files may hold its values."""
    return indicator.credit.reuse != "view"


def is_free(catalog: Catalog, ids: Iterable[str]) -> bool:
    """Whether one file may hold the values of all of these."""
    return all(may_be_passed_on(catalog[name]) for name in ids)


def strictest(indicators: Iterable[Indicator]) -> Reuse:
    """What is allowed with all of these together."""
    return min((one.credit.reuse for one in indicators), key=ORDER.index)


def require_free(
    catalog: Catalog, ids: Iterable[str], first: str = "id", more: str = "with"
) -> None:
    """A LicenceError that names the first of these whose values may not be passed on, and the
    parameter where it stands: `first`, or `more` for those after it."""
    for at, name in enumerate(ids):
        if not may_be_passed_on(catalog[name]):
            raise LicenceError(more if at else first, catalog[name])
