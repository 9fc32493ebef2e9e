"""Statements of bulletins that could be judged only after their day, as alerts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby

from etl.alerts.rules import TOLD, Alert, Crossing
from etl.catalog import Catalog, Text
from etl.claims.model import Claim, Verdict
from etl.words import numbers

RULE = "judged-later"
#: How many letters of a statement are quoted.
QUOTED = 60
_VERDICTS: Mapping[Verdict, Text] = {
    "supported": Text(zh="相符", en="supported"),
    "approximate": Text(zh="大致相符", en="approximately right"),
    "contradicted": Text(zh="不符", en="contradicted"),
    "unverifiable": Text(zh="仍不能认定", en="still undecided"),
}


def later_alerts(
    catalog: Catalog, claims: Iterable[tuple[date, Claim]], wanted: str
) -> tuple[Alert, ...]:
    """Those that are wanted (`contradicted`, or `all`): an alert for each indicator, with the days
    of the bulletins, oldest first, in which something was said of it that a value decided only
    later. They never hold on: each is told once."""
    told = [
        (claim.indicator, day, claim)
        for day, claim in claims
        if claim.later is not None
        and (wanted == "all" or claim.later.verdict == wanted)
        and claim.indicator in catalog
    ]
    told.sort(key=lambda one: one[:2])
    return tuple(
        _alert(catalog, name, [(day, claim) for _, day, claim in own])
        for name, own in groupby(told, key=lambda one: one[0])
    )


def _alert(catalog: Catalog, name: str, own: list[tuple[date, Claim]]) -> Alert:
    crossings = tuple(_crossings(catalog, name, own))[-TOLD:]
    last = crossings[-1]
    return Alert(
        name, RULE, "后来可以核对的", "judged later", "normal", last.date, last.value, last.zh,
        last.en, crossings,
    )  # fmt: skip


def _crossings(catalog: Catalog, name: str, own: list[tuple[date, Claim]]) -> Iterator[Crossing]:
    """One for each bulletin, whatever it says of the indicator."""
    indicator = catalog[name]
    unit = catalog.unit(indicator)
    for day, group in groupby(own, key=lambda one: one[0]):
        said = [claim for _, claim in group]
        laters = [claim.later for claim in said if claim.later is not None]
        zh, en = [], []
        for claim, later in zip(said, laters, strict=True):
            quoted = claim.sentence[:QUOTED] + ("…" if len(claim.sentence) > QUOTED else "")
            figures = [
                str(numbers.figure(later.value, indicator, unit, lang, exact=True))
                for lang in ("zh", "en")
            ]
            verdict = _VERDICTS[later.verdict]
            zh.append(
                f"{day} 一期说“{quoted}”，当日无法核对；后来的值为 {figures[0]}，{verdict.zh}。"
            )
            en.append(f"The bulletin of {day} said “{quoted}”; the later value is {figures[1]}: "
                      f"{verdict.en}.")  # fmt: skip
        yield Crossing(
            day, laters[-1].value, max(later.known_at for later in laters),
            "".join(dict.fromkeys(zh)), " ".join(dict.fromkeys(en)),
        )  # fmt: skip
