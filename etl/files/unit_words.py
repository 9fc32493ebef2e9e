"""The units of a table as people write them, and what a value is in the unit of an indicator."""

from __future__ import annotations

import re
import unicodedata

from etl.catalog import Unit

#: The words that count, longest first, and what they stand for.
_COUNTS: tuple[tuple[str, float], ...] = (
    ("trillion", 1e12), ("billion", 1e9), ("million", 1e6), ("thousand", 1e3),
    ("bn", 1e9), ("mn", 1e6),
    ("万亿", 1e12), ("千亿", 1e11), ("百亿", 1e10), ("十亿", 1e9), ("亿", 1e8), ("千万", 1e7),
    ("百万", 1e6), ("十万", 1e5), ("万", 1e4), ("千", 1e3), ("百", 1e2),
)  # fmt: skip
#: 千瓦时 and 百分点 begin with a word that does not count there.
_WHOLE = ("千瓦", "千克", "千米", "百分")
#: The same by other names.
_SAME = {
    "人民币": "元", "人民币元": "元", "rmb": "元", "cny": "元", "yuan": "元", "元人民币": "元",
    "usd": "美元", "us$": "美元", "$": "美元", "u.s.dollars": "美元", "krw": "韩元",
    "percent": "%", "百分比": "%", "pct": "%", "度": "千瓦时", "kwh": "千瓦时",
    "shares": "股", "points": "点",
}  # fmt: skip
_NOISE = re.compile(r"^单位[::]|[(（].*[)）]$")


def factor(said: str, unit: Unit) -> float | None:
    """What a number counted in `said` is multiplied by to be a value of the unit; None if it
    cannot be known."""
    theirs = _parsed(said)
    for label, scale in ((unit.label.zh, unit.zh_factor), (unit.code, 1.0), (unit.label.en, 1.0)):
        ours = _parsed(label)
        if theirs[1] == ours[1]:
            return float(f"{theirs[0] / (ours[0] * scale):.12g}")
    return None


def is_count(said: str) -> bool:
    """Whether it only counts, and does not say what: 万."""
    return bool(said) and not _parsed(said)[1]


def is_counted(said: str) -> bool:
    """Whether a unit counts by more than one: 亿元."""
    return _parsed(said)[0] != 1


def _parsed(text: str) -> tuple[float, str]:
    """How much one is, and of what: 亿元 is 1e8 元."""
    said = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    said = _NOISE.sub("", said) or said
    size = 1.0
    while not said.startswith(_WHOLE):
        found = next(((word, much) for word, much in _COUNTS if said.startswith(word)), None)
        if found is None:
            break
        size *= found[1]
        said = said[len(found[0]) :]
    return size, _SAME.get(said, said)
