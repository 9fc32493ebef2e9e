"""Chinese words by how they sound, for those who type letters: 英伟达 is `ying wei da`. The library
that knows takes a fifth of a second to load, so that only what publishes asks it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

#: Chinese characters that stand together.
_CHINESE = re.compile("[\u3400-\u9fff]+")


def sounds(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each run of Chinese characters in `words`, once, with its syllables without tones: ü is v."""
    from pypinyin import Style, lazy_pinyin  # heavy, and needed once a publication

    runs = (run for text in words for run in _CHINESE.findall(text))
    for run in dict.fromkeys(runs):
        yield run, " ".join(lazy_pinyin(run, style=Style.NORMAL, v_to_u=False))
