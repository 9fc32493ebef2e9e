"""`make texts`: every text in both languages side by side."""

from __future__ import annotations

import re

from dashboard.data.snapshot import Snapshot
from dashboard.reading_copy import reading_copy
from dashboard.texts import every_text, text


def test_every_text_stands_beside_its_counterpart(newest: Snapshot) -> None:
    lines = "\n".join(reading_copy(newest.catalog, newest)).splitlines()
    rows = [re.split(r"(?<!\\) ?\| ", line.strip("| ")) for line in lines if line.startswith("| ")]
    told = {row[0]: row[1:] for row in rows if len(row) == 3}
    assert told["texts.newest_value"] == ["数据截至", text("newest_value", "en")]
    assert len([name for name in told if name.startswith("texts.")]) > 300
    for name in newest.catalog.indicators:
        assert any(key.startswith(f"{name} ") for key in told), name


def test_no_text_says_an_old_word() -> None:
    for name, zh, _ in every_text():
        assert not re.search("较前值|现值|已知于|何时可知|随附|首破", zh), name
