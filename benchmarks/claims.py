"""How well statements are checked: the golden sentences, false ones made from them, and the speed.

`python -m benchmarks.claims` prints the table; `--failures` also what went wrong on the open part.
"""

from __future__ import annotations

import csv
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

import yaml
from rich.console import Console
from rich.table import Table

from etl.bulletins.model import Bulletin, Section
from etl.bulletins.read import read_bulletin
from etl.catalog import Catalog, load_catalog
from etl.claims.check import check, check_all, check_text
from etl.claims.known import History, Row, VintageSeries
from etl.claims.model import Claim, Placed
from etl.claims.parse import Parser
from etl.claims.verdict import Judge
from etl.events import changes_of
from etl.records import BEIJING
from etl.settings import PROJECT

GOLDEN = PROJECT / "tests" / "golden"
TRUE = frozenset({"supported", "approximate"})
Label = tuple[str, str, float | None, str]


@dataclass(frozen=True)
class Sentence:
    """A golden sentence; a label is indicator, kind, value and verdict."""

    number: int
    text: str
    held_out: bool
    labels: tuple[Label, ...]


@dataclass(frozen=True)
class Mutation:
    """A sentence of which one statement was made false by changing one thing."""

    what: str
    text: str
    original: Placed
    held_out: bool


class Figures:
    """The fixed series: what is known of a date is what the catalog's rule of publication says."""

    def __init__(self, catalog: Catalog) -> None:
        rows: dict[str, list[Row]] = defaultdict(list)
        with open(GOLDEN / "series.csv", encoding="utf-8", newline="") as lines:
            for line in csv.DictReader(lines):
                day = date.fromisoformat(line["date"])
                indicator = catalog[line["indicator"]]
                public = indicator.public_at(day)
                if line["public"]:
                    public = datetime.fromisoformat(line["public"]).replace(tzinfo=BEIJING)
                rows[indicator.id].append(
                    Row(day, float(line["value"]), public, 1, "figures", public, public,
                        line["source"], line["basis"])
                )  # fmt: skip
        self.rows = rows
        self._series = {
            name: VintageSeries(rows.get(name, []), changes_of(catalog[name]))
            for name in catalog.indicators
        }
        self._last: dict[str, tuple[datetime, History]] = {}

    def history(self, indicator: str, moment: datetime) -> History:
        held = self._last.get(indicator)
        if held is None or held[0] != moment:
            history = self._series[indicator].as_of(moment)
            held = self._last[indicator] = (moment, history)
        return held[1]


class Golden:
    """The sentences, the figures, and the checker that is measured."""

    def __init__(self) -> None:
        self.catalog = load_catalog(PROJECT / "indicators.yaml")
        document = yaml.safe_load((GOLDEN / "claims.yaml").read_text(encoding="utf-8"))
        self.day: date = document["day"]
        self.sentences = [_sentence(entry) for entry in document["sentences"]]
        self.figures = Figures(self.catalog)
        self.parser = Parser(self.catalog)
        self.judge = Judge(self.catalog, self.figures, self.day)

    def claims(self, text: str) -> list[Placed]:
        return list(check_text(text, "1", 0, self.parser, self.judge))

    @lru_cache(maxsize=1)  # noqa: B019 - one of these lives as long as its process
    def mutations(self) -> list[Mutation]:
        return [
            mutation
            for sentence in self.sentences
            if sentence.labels and all(verdict in TRUE for *_, verdict in sentence.labels)
            for mutation in _mutations(self, sentence)
        ]

    def outcome(self, mutation: Mutation) -> str:
        """The verdict on the statement that was made false; `silent` if none was found."""
        original = mutation.original
        found = self.claims(mutation.text)
        kind = original.claim.kind[:6]  # a record is a record, high or low
        same = [p for p in found if p.claim.kind.startswith(kind)] or [
            p for p in found if p.start < original.stop and p.stop > original.start
        ]
        if not same:
            return "silent"
        near = min(same, key=lambda p: abs(p.start - original.start))
        return near.claim.verdict


def _sentence(entry: Mapping[str, object]) -> Sentence:
    labels = []
    claims = entry["claims"]
    assert isinstance(claims, list)
    for text in claims:
        indicator, kind, value, verdict = str(text).split()
        labels.append((indicator, kind, None if value == "-" else float(value), verdict))
    return Sentence(
        int(str(entry["number"])), str(entry["text"]), bool(entry.get("held_out")), tuple(labels)
    )


def label_of(claim: Claim) -> Label:
    value = None if claim.value is None else float(f"{claim.value:.10g}")
    return claim.indicator, claim.kind, value, claim.verdict


# False sentences

_OPPOSITES = (
    ("上涨", "下跌"), ("走高", "走低"), ("收涨", "收跌"), ("大涨", "大跌"), ("升至", "降至"),
    ("上行", "下行"), ("连涨", "连跌"), ("涨幅", "跌幅"), ("新高", "新低"), ("站上", "跌破"),
    ("突破", "跌破"), ("高于", "低于"), ("微涨", "微跌"), ("飙升", "暴跌"), ("上升", "下降"),
    ("升值", "贬值"), ("走强", "走弱"), ("增加", "减少"), ("连升", "连跌"), ("rose", "fell"),
    ("gained", "lost"), ("回升", "回落"), ("涨", "跌"),
)  # fmt: skip
_UNITS = (
    ("万亿美元", "亿美元"), ("个基点", "个百分点"), ("个百分点", "美元"), ("%", "个基点"),
    ("点", "美元"), ("美元", "点"),
)  # fmt: skip
_NAMES = {
    "sp500": "标普 500", "nasdaq_composite": "纳指", "phlx_semiconductor": "费城半导体指数",
    "vix": "VIX", "gold_futures_usd_oz": "黄金期货", "brent_futures_usd_bbl": "布伦特原油期货",
    "wti_futures_usd_bbl": "WTI 期货", "micron_close_usd": "美光", "us_10y_yield_pct": "美债收益率",
}  # fmt: skip
_DATE = re.compile(r"5 月 (\d+) 日")
_DIGITS = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?")
_RANGE = re.compile(r"[-–至] ?([0-9.]+)")
_LOOSE = re.compile(r"高于|低于|超|逾|上方|上下|以上|以下|不足|不到|近|守住|站稳")


def _mutations(golden: Golden, sentence: Sentence) -> Iterator[Mutation]:
    placed = golden.claims(sentence.text)
    for one in placed:
        if one.claim.verdict not in TRUE or one.claim.evidence is None:
            continue
        makers = (_numbers, _directions, _dates, _units, _indicators)
        for make in makers:
            for text in make(golden, sentence.text, one):
                yield Mutation(make.__name__[1:-1], text, one, sentence.held_out)


def _numbers(golden: Golden, text: str, one: Placed) -> Iterator[str]:
    """The first Arabic number of the statement, larger and smaller by more than a third."""
    claim, words = one.claim, text[one.start : one.stop]
    found = _DIGITS.search(words)
    if found is None or claim.value is None or not float(found[0].replace(",", "")):
        return
    for factor in (1.37, 0.61):
        new = _like(found[0], factor)
        value = claim.value * float(new.replace(",", "")) / float(found[0].replace(",", ""))
        around = text[max(0, one.start - 2) : one.stop + 2]
        top = _RANGE.search(words)
        if top and claim.evidence and value <= _actual(claim) <= float(top[1]):
            continue  # a wider range is true as well
        if new != found[0] and not _holds(golden, claim, value, around):
            yield text[: one.start] + words.replace(found[0], new, 1) + text[one.stop :]


def _like(digits: str, factor: float) -> str:
    """Another number with as many decimals."""
    plain = digits.replace(",", "")
    decimals = len(plain.partition(".")[2])
    new = float(plain) * factor
    return f"{new:,.{decimals}f}" if "," in digits else f"{new:.{decimals}f}"


def _holds(golden: Golden, claim: Claim, value: float, around: str) -> bool:
    """Whether the statement is true with this number, reckoned from the values alone."""
    evidence = claim.evidence
    assert evidence is not None
    if claim.kind == "milestone":
        if evidence.previous is None:  # 守住: above it
            return evidence.value >= value
        return (
            min(evidence.value, evidence.previous) < value <= max(evidence.value, evidence.previous)
        )
    if claim.kind == "first":
        earlier = [r.value for r in golden.figures.rows[claim.indicator] if r.date < evidence.date]
        return max(earlier) < value <= evidence.value
    return _is_near(_actual(claim), value, around)


def _actual(claim: Claim) -> float:
    """The level, or the change, that the evidence of a claim shows."""
    evidence = claim.evidence
    assert evidence is not None
    if claim.kind != "change" or evidence.previous is None:
        return evidence.value
    return _change(evidence.value, evidence.previous, claim.unit)


def _change(value: float, before: float, unit: str) -> float:
    scale = {"percent": 100 / before, "bp": 100.0}.get(unit, 1.0)
    return (value - before) * scale


def _is_near(actual: float, told: float, around: str) -> bool:
    """Whether a number can be told of a value: rounded as it is written, or beyond 逾 and below 近,
    or within a tenth of it where it is hedged."""
    digits = _DIGITS.findall(around)
    decimals = len(digits[0].partition(".")[2]) if digits else 0
    if actual * told < 0:
        return False
    if _LOOSE.search(around):
        is_below = bool(re.search(r"低于|以下|不足|不到|近", around))
        return abs(actual) < abs(told) if is_below else abs(actual) > abs(told)
    top = _RANGE.search(around)
    if top:
        half = 0.5 * 10.0**-decimals
        return told - half <= actual <= float(top[1]) + half
    margin = 0.1 * abs(told) if re.search(r"约|左右|成", around) else 0.5 * 10.0**-decimals
    return abs(abs(actual) - abs(told)) <= margin * (1 + 1e-9)


def _directions(golden: Golden, text: str, one: Placed) -> Iterator[str]:
    """The first word of a direction in the statement, turned round."""
    words = text[one.start : one.stop]
    if one.claim.kind in ("level", "count", "volatility"):
        return  # 升至 4.56% is a level and a direction: only the second is turned
    for up, down in _OPPOSITES:
        for word, other in ((up, down), (down, up)):
            if word in words:
                if not _is_true_turned(golden, one.claim, other):
                    turned = words.replace(word, other, 1)
                    yield text[: one.start] + turned + text[one.stop :]
                return


def _is_true_turned(golden: Golden, claim: Claim, other: str) -> bool:
    """Whether the statement is true with the other direction, too, reckoned from the values."""
    evidence = claim.evidence
    assert evidence is not None
    rows = golden.figures.rows[claim.indicator]
    earlier = [row.value for row in rows if row.date < evidence.date]
    if claim.kind.startswith("record"):
        value = evidence.value
        return value < min(earlier) if other == "新低" else value > max(earlier)
    if claim.kind == "milestone" and claim.value is not None and len(claim.period or "") == 7:
        month = [row for row in rows if f"{row.date:%Y-%m}" == claim.period]
        values = [row.value for row in month if row.known_at <= golden.judge.moment]
        pairs = list(pairwise(values))
        is_down = other in ("跌破", "失守")
        return any((b < claim.value <= a) if is_down else (a < claim.value <= b) for a, b in pairs)
    return evidence.previous == evidence.value


def _dates(golden: Golden, text: str, one: Placed) -> Iterator[str]:
    """Another session in the place of the one that is named."""
    evidence = one.claim.evidence
    found = _DATE.search(text)
    assert evidence is not None
    if found is None or evidence.date != date(2026, 5, int(found[1])) or text.count("日") > 2:
        return
    rows = golden.figures.rows[one.claim.indicator]
    days = [row.date for row in rows if row.date.year == 2026 and row.date.month == 5]
    for day in days:
        around = text[max(0, one.start - 2) : one.stop + 2]
        if day != evidence.date and not _same_on(golden, one.claim, day, around):
            yield text[: found.start()] + f"5 月 {day.day} 日" + text[found.end() :]


def _same_on(golden: Golden, claim: Claim, day: date, around: str, indicator: str = "") -> bool:
    """Whether what is told of one day, and that of the session before, is true of another one.

    What was not known by the end of the bulletin's day is true of nothing.
    """
    rows = golden.figures.rows[indicator or claim.indicator]
    at = next((k for k, row in enumerate(rows) if row.date == day), None)
    if at is None or at == 0 or rows[at].known_at > golden.judge.moment:
        return False
    value, before = rows[at].value, rows[at - 1].value
    earlier = [row.value for row in rows[:at]]
    evidence = claim.evidence
    assert evidence is not None
    if claim.kind == "record_high":
        return value > max(r for r in _as_far(rows, at, claim))
    if claim.kind == "record_low":
        return value < min(r for r in _as_far(rows, at, claim))
    if claim.kind == "direction" and evidence.previous is not None:
        return (value - before) * (evidence.value - evidence.previous) > 0 or value == before
    if claim.kind == "volatility":
        return True  # most days move
    told = claim.value
    if told is None:
        return False
    if claim.kind == "milestone":
        return min(value, before) < told <= max(value, before) or (
            evidence.previous is None and value >= told
        )
    if claim.kind == "first":
        return max(earlier) < told <= value
    actual = _change(value, before, claim.unit) if claim.kind == "change" else value
    return _is_near(actual, told, around)


def _as_far(rows: Sequence[Row], at: int, claim: Claim) -> list[float]:
    """The values that a record is judged on: as far back as the true one was."""
    evidence = claim.evidence
    assert evidence is not None
    span = evidence.chart.partition("?t=")[2].rstrip(".")
    first = date.fromisoformat(span) if span[:2] == "20" else date.min
    return [row.value for row in rows[:at] if row.date >= first]


def _units(golden: Golden, text: str, one: Placed) -> Iterator[str]:
    """Another unit behind the first number of the statement."""
    words = text[one.start : one.stop]
    for unit, other in _UNITS:
        found = re.search(rf"[0-9] ?{unit}", words)
        if found and one.claim.value is not None:
            new = found[0].replace(unit, other)
            yield text[: one.start] + words.replace(found[0], new, 1) + text[one.stop :]
            return


def _indicators(golden: Golden, text: str, one: Placed) -> Iterator[str]:
    """Another indicator in the place of the one that the sentence names."""
    named = list(golden.parser.lexer.finder.found(text))
    evidence = one.claim.evidence
    assert evidence is not None
    own = {indicator for *_, indicator in named}
    is_daily = golden.catalog[one.claim.indicator].frequency == "daily"
    if len(named) != 1 or own != {one.claim.indicator} or not is_daily:
        return
    if one.claim.kind in ("volatility", "direction") or _is_over_a_span(one.claim):
        return  # a move of another market is often true, too: its truth is not told by one day
    start, stop, _ = named[0]
    for indicator, words in _NAMES.items():
        around = text[max(0, one.start - 2) : one.stop + 2]
        if indicator in own or _same_on(golden, one.claim, evidence.date, around, indicator):
            continue
        yield text[:start] + words + text[stop:]


def _is_over_a_span(claim: Claim) -> bool:
    return ".." in (claim.period or "")


# The table


def measure(golden: Golden) -> dict[str, dict[str, float]]:
    """For the open part, the held-out part and both: how many sentences, how many of them right in
    every statement, how many true ones wrongly contradicted, how many false ones caught."""
    parts = {"open": False, "held out": True}
    return {name: _part(golden, held) for name, held in parts.items()}


def _part(golden: Golden, held_out: bool) -> dict[str, float]:
    sentences = [s for s in golden.sentences if s.held_out == held_out]
    right = sum(_is_right(golden, s) for s in sentences)
    labels = [label for s in sentences for label in s.labels]
    true = [label for label in labels if label[3] in TRUE]
    hit = missed = 0
    for s in sentences:
        found = Counter(label_of(p.claim) for p in golden.claims(s.text))
        wrong = Counter((i, k, v) for i, k, v, verdict in found if verdict == "contradicted")
        for i, k, v, verdict in s.labels:
            hit += found[(i, k, v, verdict)] > 0
            missed += verdict in TRUE and wrong[(i, k, v)] > 0
    mutations = [m for m in golden.mutations() if m.held_out == held_out]
    outcomes = Counter(golden.outcome(m) for m in mutations)
    caught = outcomes["contradicted"] + outcomes["unverifiable"]
    return {
        "sentences": len(sentences),
        "right": right / len(sentences),
        "statements": len(labels),
        "as labelled": hit / len(labels),
        "true": len(true),
        "contradicted": missed / len(true),
        "false": len(mutations),
        "caught": caught / len(mutations),
        "silent": outcomes["silent"] / len(mutations),
    }


def _is_right(golden: Golden, sentence: Sentence) -> bool:
    found = Counter(label_of(p.claim) for p in golden.claims(sentence.text))
    return found == Counter(sentence.labels)


def one_s(golden: Golden) -> float:
    """Seconds for one bulletin of 3,000 characters, with the grammar and the series read anew."""
    bulletin = bulletin_of(golden, golden.day, 3000)
    start = time.perf_counter()
    check(bulletin, Parser(golden.catalog), Figures(golden.catalog))
    return time.perf_counter() - start


def thousand_s(golden: Golden, bulletin: Bulletin) -> float:
    """Seconds for a thousand of them, a day each."""
    days = [golden.day - timedelta(days=back) for back in range(1000)][::-1]
    bulletins = [bulletin.model_copy(update={"date": day}) for day in days]
    start = time.perf_counter()
    for _ in check_all(bulletins, golden.catalog, golden.figures):
        pass
    return time.perf_counter() - start


def real_bulletin() -> Bulletin:
    """The bundled bulletin with as much again of its own text: 3,000 characters."""
    bulletin = read_bulletin(PROJECT / "data" / "bulletins" / "2026-05-27.md").bulletin
    texts = [text for section in bulletin.sections for text in section.paragraphs]
    more = Section(number=9, title="又及", paragraphs=(*texts, *texts))
    letters, kept = sum(map(len, texts)), 0
    while letters < 3000:
        letters, kept = letters + len(more.paragraphs[kept]), kept + 1
    more = more.model_copy(update={"paragraphs": more.paragraphs[:kept]})
    return bulletin.model_copy(update={"sections": (*bulletin.sections, more)})


def bulletin_of(golden: Golden, day: date, letters: int) -> Bulletin:
    """A bulletin made of golden sentences, one paragraph for every ten."""
    texts: list[str] = []
    for sentence in golden.sentences:
        if sum(map(len, texts)) < letters:
            texts.append(sentence.text)
    paragraphs = tuple("".join(texts[at : at + 10]) for at in range(0, len(texts), 10))
    section = Section(number=1, title="市场", paragraphs=paragraphs)
    return Bulletin(date=day, title="每日动态", publisher="编者", summary="", sections=(section,))


def show(golden: Golden) -> Table:
    """Both parts beside what is wanted, and the speed."""
    parts = measure(golden)
    table = Table("statements of bulletins", *parts, "wanted")
    for name, wanted in (
        ("sentences", ""), ("right", ""), ("statements", ""), ("as labelled", ""),
        ("true", ""), ("contradicted", "≤ 1 %"), ("false", ""), ("caught", "≥ 95 %"),
        ("silent", ""),
    ):  # fmt: skip
        cells = [
            f"{part[name]:.0f}" if part[name] > 1 or name in _COUNTED else f"{part[name]:.1%}"
            for part in parts.values()
        ]
        table.add_row(_ROWS.get(name, name), *cells, wanted)
    dense = bulletin_of(golden, golden.day, 3000)
    for name, seconds, wanted in (
        ("one bulletin of 3,000 characters, s", one_s(golden), "< 1 s"),
        ("1,000 of them like the bundled one, s", thousand_s(golden, real_bulletin()), "< 60 s"),
        ("1,000 with a statement in every sentence, s", thousand_s(golden, dense), "< 60 s"),
    ):
        table.add_row(name, f"{seconds:.2f}", "", wanted)
    return table


_COUNTED = frozenset({"sentences", "statements", "true", "false"})
_ROWS = {
    "right": "sentences right in every statement",
    "as labelled": "statements found as labelled",
    "true": "true statements",
    "contradicted": "true statements contradicted",
    "false": "false statements, made by a program",
    "caught": "of them contradicted or unverifiable",
    "silent": "of them not seen as a statement",
}


def failures(golden: Golden) -> Iterator[str]:
    """What went wrong on the open part; the held-out part is not looked at."""
    for sentence in golden.sentences:
        if not sentence.held_out and not _is_right(golden, sentence):
            yield sentence.text
            found = [p.claim for p in golden.claims(sentence.text)]
            for label in sentence.labels:
                if label not in [label_of(c) for c in found]:
                    yield f"    wanted {label}"
            for claim in found:
                if label_of(claim) not in sentence.labels:
                    yield f"    found  {label_of(claim)} {claim.reason}"
    for mutation in golden.mutations():
        outcome = golden.outcome(mutation)
        if not mutation.held_out and outcome not in ("contradicted", "unverifiable"):
            yield f"{mutation.what}: {outcome}: {mutation.text}"


def main(arguments: Iterable[str]) -> None:
    golden = Golden()
    if "--failures" in arguments:
        for line in failures(golden):
            print(line)
    Console(width=110).print(show(golden))


if __name__ == "__main__":
    main(sys.argv[1:])
