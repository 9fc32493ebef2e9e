"""How well statements are checked: the golden sentences, others made from them, and the speed.

`python -m benchmarks.claims` prints the table; `--failures` also what went wrong on the open part.
"""

from __future__ import annotations

import csv
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console, Group
from rich.table import Table

from etl.bulletins.model import Bulletin, Section
from etl.bulletins.read import read_bulletin
from etl.catalog import Catalog, load_catalog
from etl.claims.check import check, check_all, check_text
from etl.claims.known import History, Row, VintageSeries
from etl.claims.model import TRUE, Claim, Placed
from etl.claims.parse import Parser
from etl.claims.verdict import Judge
from etl.events import changes_of
from etl.records import BEIJING
from etl.settings import PROJECT

GOLDEN = PROJECT / "tests" / "golden"
PARTS = ("open", "held out")
Label = tuple[str, str, float | None, str]


@dataclass(frozen=True)
class Wanted:
    """What a label asks of a sentence; the head of claims.yaml says how to write one."""

    text: str
    indicator: str
    kind: str
    values: frozenset[float | None]
    verdicts: frozenset[str]
    may_lack: bool

    @classmethod
    def read(cls, text: str) -> Wanted:
        indicator, kind, values, verdicts = text.split()
        told = [] if values == "*" else values.split("|")
        numbers = frozenset(None if value == "-" else float(value) for value in told)
        allowed = frozenset(verdicts.rstrip("?").split("|"))
        return cls(text, indicator, kind, numbers, allowed, verdicts.endswith("?"))

    @property
    def is_true(self) -> bool:
        """Whether the statement must be there and be ✔ or ≈."""
        return not self.may_lack and self.verdicts <= TRUE

    def is_about(self, label: Label) -> bool:
        return (
            self.indicator in ("*", label[0])
            and self.kind in ("*", label[1])
            and (not self.values or label[2] in self.values)
        )


@dataclass(frozen=True)
class Sentence:
    """A golden sentence, the day of the bulletin it stands in, and its kind."""

    number: int
    text: str
    day: date
    kind_of: str
    part: str
    wanted: tuple[Wanted, ...]


@dataclass(frozen=True)
class Mutation:
    """A sentence of which one statement was made false by changing one thing."""

    what: str
    text: str
    original: Placed
    part: str


@dataclass(frozen=True)
class Swap:
    """A true sentence that speaks of something else, or of no fact, after one word was changed."""

    what: str
    text: str
    sentence: Sentence
    affected: frozenset[str]


class Figures:
    """The fixed series: what is known of a date is what the catalog's rule of publication says.

    `real` leaves out the series that were made up and takes in those of real.csv.
    """

    def __init__(self, catalog: Catalog, *, real: bool = False) -> None:
        rows: dict[str, list[Row]] = defaultdict(list)
        for name in ("series.csv", "real.csv") if real else ("series.csv",):
            for line in csv.DictReader((GOLDEN / name).read_text(encoding="utf-8").splitlines()):
                if real and line["source"] == "made up":
                    continue
                day = date.fromisoformat(line["date"])
                indicator = catalog[line["indicator"]]
                public = indicator.public_at(day)
                if line["public"]:
                    public = datetime.fromisoformat(line["public"]).replace(tzinfo=BEIJING)
                rows[indicator.id].append(
                    Row(day, float(line["value"]), public, 1, "figures", public, public,
                        line["source"], line["basis"])
                )  # fmt: skip
        for held in rows.values():
            held.sort(key=lambda row: row.date)
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
        self.sentences = [
            _sentence(entry, document["day"], path.stem)
            for path in sorted(GOLDEN.glob("claims*.yaml"))
            for document in [yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)]
            for entry in document["sentences"]
        ]
        self.day = self.sentences[0].day
        self.figures = Figures(self.catalog)
        self.parser = Parser(self.catalog)
        self.judge = Judge(self.catalog, self.figures, self.day)
        self._real = Figures(self.catalog, real=True)

    def figures_of(self, day: date) -> Figures:
        """Only the day of the file knows the series that were made up."""
        return self.figures if day == self.day else self._real

    def claims(self, text: str, day: date | None = None) -> list[Placed]:
        judge = self.judge
        if day and day != self.day:
            judge = Judge(self.catalog, self._real, day)
        return list(check_text(text, "1", 0, self.parser, judge))

    @cache  # noqa: B019 - one of these lives as long as its process
    def found(self, sentence: Sentence) -> tuple[Label, ...]:
        """The statements that the checker lists for a golden sentence."""
        return tuple(label_of(p.claim) for p in self.claims(sentence.text, sentence.day))

    @cache  # noqa: B019
    def mutations(self) -> list[Mutation]:
        """False sentences, made from the true ones of the day of the file."""
        return [
            mutation
            for sentence in self.sentences
            if sentence.kind_of == "market" and _is_all_true(sentence)
            for mutation in _mutations(self, sentence)
        ]

    @cache  # noqa: B019
    def swaps(self) -> list[Swap]:
        """True sentences of which the entity, tenor, contract, place or tense was changed."""
        tables = yaml.safe_load((GOLDEN / "swaps.yaml").read_text(encoding="utf-8"))
        return [
            swap
            for sentence in self.sentences
            if _is_all_true(sentence)
            for swap in _swaps(self, sentence, tables)
        ]

    def still_true(self, swap: Swap) -> list[Label]:
        """The statements that are ✔ or ≈ after the change, though none of them is a fact."""
        sentence = swap.sentence
        kept = [w for w in sentence.wanted if w.indicator not in swap.affected]
        return [
            label
            for label in (label_of(p.claim) for p in self.claims(swap.text, sentence.day))
            if label[3] in TRUE
            and not any(w.is_about(label) for w in kept)
            and (label[0] in swap.affected or not _is_near_too(self, label, sentence.day))
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


def _sentence(entry: Mapping[str, Any], day: date, stem: str) -> Sentence:
    is_held_out = entry.get("held_out") or stem.endswith("held_out")
    return Sentence(
        entry["number"],
        entry["text"],
        entry.get("day", day),
        entry.get("kind_of", "market"),
        PARTS[bool(is_held_out)],
        tuple(map(Wanted.read, entry["claims"])),
    )


def _is_all_true(sentence: Sentence) -> bool:
    return bool(sentence.wanted) and all(w.verdicts <= TRUE for w in sentence.wanted)


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
                yield Mutation(make.__name__[1:-1], text, one, sentence.part)


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


# Sentences about something else


def _swaps(golden: Golden, sentence: Sentence, tables: Mapping[str, Any]) -> Iterator[Swap]:
    text = sentence.text
    wanted = frozenset(w.indicator for w in sentence.wanted)
    for table in tables["names"]:
        affected = wanted.intersection(table["of"])
        rest = re.sub(table["words"], "〇", text)
        named = {indicator for *_, indicator in golden.parser.lexer.finder.found(rest)}
        if not affected or rest == text:
            continue
        for what, others in table["instead"].items():
            # 全国 in the place of 全球 changes what PUE is meant; any other name must be gone.
            for other in others if what == "place" or not named & affected else ():
                yield Swap(what, re.sub(table["words"], other, text), sentence, affected)
        if len(wanted) == 1 and rest.startswith("〇"):
            for word in tables["before"]:
                yield Swap("tense", word + text, sentence, affected)
    for word in tables["closes"] if [w.kind for w in sentence.wanted] == ["level"] else ():
        changed = re.sub("收于|收报|报收于|报收", word, text)
        if changed != text:
            yield Swap("tense", changed, sentence, wanted)


def _is_near_too(golden: Golden, label: Label, day: date) -> bool:
    """Whether what is told of another of our indicators is near its last value or move, too."""
    indicator, kind, told, _ = label
    if kind not in ("level", "change") or told is None:
        return True  # most days move, and a direction is often that of another, too
    moment = datetime(day.year, day.month, day.day, 23, tzinfo=BEIJING)
    rows = golden.figures_of(day).rows[indicator]
    before, value = [row.value for row in rows if row.known_at <= moment][-2:]
    moves = [_change(value, before, unit) for unit in ("percent", "bp", "")]
    actual = [value] if kind == "level" else moves
    return any(abs(a - told) <= 0.1 * abs(told) for a in actual)


# The table


def measure(golden: Golden) -> dict[str, dict[str, Counter[str]]]:
    """For each part and kind: how many sentences, how many of them right in every statement, the
    wrong ✘ and ✔, the true statements and how many of these are ✔ or ≈."""
    parts: dict[str, dict[str, Counter[str]]] = {part: defaultdict(Counter) for part in PARTS}
    for sentence in golden.sentences:
        counts = tally(sentence.wanted, golden.found(sentence))
        parts[sentence.part][sentence.kind_of].update(counts)
    return parts


def total(kinds: Mapping[str, Counter[str]]) -> Counter[str]:
    """All kinds together."""
    return sum(kinds.values(), Counter())


def tally(wanted: Sequence[Wanted], found: Sequence[Label]) -> Counter[str]:
    """What a sentence adds to the counts of `measure`."""
    counts = Counter(sentences=1, true=sum(w.is_true for w in wanted))
    is_right = True
    for label in found:
        asked = [w.verdicts for w in wanted if w.is_about(label)]
        allowed = frozenset[str]().union(*asked)
        counts["wrong ✘"] += label[3] == "contradicted" and label[3] not in allowed
        counts["wrong ✔"] += label[3] in TRUE and not allowed & TRUE
        is_right &= label[3] in allowed
    for one in wanted:
        verdicts = {label[3] for label in found if one.is_about(label)}
        counts["recognised"] += one.is_true and bool(verdicts & TRUE)
        is_false = one.verdicts == {"contradicted"}
        counts.update({"false": is_false, "refuted": is_false and "contradicted" in verdicts})
        is_right &= one.may_lack or bool(verdicts & one.verdicts)
    counts["right"] = is_right
    return counts


def caught(golden: Golden) -> dict[str, Counter[str]]:
    """What became of the false sentences, and how many of the swapped ones are still ✔ or ≈."""
    parts: dict[str, Counter[str]] = {part: Counter() for part in PARTS}
    for mutation in golden.mutations():
        parts[mutation.part].update({"made false": 1, golden.outcome(mutation): 1})
    for swap in golden.swaps():
        is_ticked = bool(golden.still_true(swap))
        parts[swap.sentence.part].update({"swapped": 1, "ticked": is_ticked})
    return parts


def large_s(golden: Golden) -> float:
    """Seconds to read and check a file of 40 kB with 200 golden sentences in it."""
    own = real_bulletin().sections
    fill = [text for section in own for text in section.paragraphs]
    texts = [sentence.text for sentence in golden.sentences[:200]]
    while (size := len("\n\n".join(texts).encode())) < 40_000:
        texts.insert(size % len(texts), fill[size % len(fill)])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "draft.md"
        head = f"---\ntitle: 每日动态\ndate: {golden.day}\npublisher: 编者\nsummary: 无\n---\n\n"
        path.write_text(head + "## 一、市场\n\n" + "\n\n".join(texts) + "\n", encoding="utf-8")
        start = time.perf_counter()
        bulletin = read_bulletin(path).bulletin
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


def show(golden: Golden) -> Group:
    """Every kind in both parts, all of them beside what is wanted, and the speed."""
    parts = measure(golden)
    heads = [head for part in PARTS for head in (part, *_COLUMNS)]
    quality = Table("statements of bulletins", *heads)
    for kind in sorted(set().union(*parts.values())):
        cells = [cell for part in PARTS for cell in _cells(parts[part].get(kind, Counter()))]
        quality.add_row(kind, *cells)
    quality.add_section()
    quality.add_row("all", *(cell for part in PARTS for cell in _cells(total(parts[part]))))
    quality.add_row("wanted", *("", "0", "0", "≥ 90 %", "") * 2)
    made = {part: counts + total(parts[part]) for part, counts in caught(golden).items()}
    others = Table("false statements, and speed", *PARTS, "wanted")
    for name, count, wanted in (
        ("false golden statements", "false", ""),
        ("of them contradicted", "refuted", "≥ 65 %"),
        ("sentences made false by a program", "made false", ""),
        ("of them contradicted", "contradicted", ""),
        ("of them unverifiable", "unverifiable", ""),
        ("sentences of another entity, tenor, contract, place or tense", "swapped", ""),
        ("of them still ✔ or ≈", "ticked", "0"),
    ):
        others.add_row(name, *(str(made[part][count]) for part in PARTS), wanted)
    dense = bulletin_of(golden, golden.day, 3000)
    for name, seconds, wanted in (
        ("a file of 40 kB with 200 statements, read and checked, s", large_s(golden), "≤ 2 s"),
        ("1,000 like the bundled one, s", thousand_s(golden, real_bulletin()), "≤ 60 s"),
        ("1,000 with a statement in every sentence, s", thousand_s(golden, dense), "≤ 60 s"),
    ):
        others.add_row(name, f"{seconds:.2f}", "", wanted)
    return Group(quality, others)


_COLUMNS = ("wrong ✘", "wrong ✔", "recall", "right")


def _cells(counts: Counter[str]) -> Iterator[str]:
    """How many, the wrong ✘ and ✔, and two shares; empty where there is nothing."""
    yield from (str(counts[name] or "") for name in ("sentences", *_COLUMNS[:2]))
    for part, whole in (("recognised", "true"), ("right", "sentences")):
        yield f"{counts[part] / counts[whole]:.0%}" if counts[whole] else ""


def failures(golden: Golden) -> Iterator[str]:
    """What went wrong on the open part; the held-out part is not looked at."""
    for sentence in golden.sentences:
        found = golden.found(sentence)
        if sentence.part == "open" and not tally(sentence.wanted, found)["right"]:
            yield f"{sentence.kind_of}, {sentence.day}: {sentence.text}"
            yield from (f"    wanted {wanted.text}" for wanted in sentence.wanted)
            for placed in golden.claims(sentence.text, sentence.day):
                yield f"    found  {label_of(placed.claim)} {placed.claim.reason}"
    for mutation in golden.mutations():
        outcome = golden.outcome(mutation)
        if mutation.part == "open" and outcome not in ("contradicted", "unverifiable"):
            yield f"{mutation.what}: {outcome}: {mutation.text}"
    for swap in golden.swaps():
        if swap.sentence.part == "open" and (ticked := golden.still_true(swap)):
            yield f"{swap.what}, {swap.sentence.day}: {swap.text} {ticked}"


def main(arguments: Iterable[str]) -> None:
    golden = Golden()
    if "--failures" in arguments:
        for line in failures(golden):
            print(line)
    Console(width=130).print(show(golden))


if __name__ == "__main__":
    main(sys.argv[1:])
