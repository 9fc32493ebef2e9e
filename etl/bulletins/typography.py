"""Letters as they are meant, where a document holds another form of them for its looks alone."""

from __future__ import annotations

import unicodedata

_LIGATURES = range(0xFB00, 0xFB07)
_RADICALS = range(0x2F00, 0x2FE0)
_FULL_WIDTH = (range(0xFF10, 0xFF1A), range(0xFF21, 0xFF3B), range(0xFF41, 0xFF5B))
# Radicals that fonts share with a character: PDFs name the one and mean the other. Unicode knows
# them as equivalent, but not as a compatibility form, so that no normalisation mends them.
_RADICAL_OF = dict(
    zip(
        "⺟⺠⻁⻄⻅⻆⻉⻋⻑⻓⻔⻗⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻪⻬⻮⻰⻳",
        "母民虎西见角贝车長长门雨青韦页风飞食马骨鬼鱼鸟卤麦黄黾齐齿龙龟",
        strict=True,
    )
)
_MEANT = {
    **{
        code: unicodedata.normalize("NFKC", chr(code))
        for codes in (_LIGATURES, _RADICALS, *_FULL_WIDTH)
        for code in codes
    },
    **{ord(form): meant for form, meant in _RADICAL_OF.items()},
}


def typographic(text: str) -> str:
    """`text` with ligatures, full-width letters and digits, and radicals as plain letters."""
    return text.translate(_MEANT)
