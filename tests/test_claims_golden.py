"""The golden sentences: how many are read and judged right, and how many false ones are caught.

The floors are those of the issue; `make bench` prints the table.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from benchmarks.claims import Golden, label_of, measure


@pytest.fixture(scope="module")
def parts(golden: Golden) -> Mapping[str, Mapping[str, float]]:
    return measure(golden)


def test_the_set_is_large_and_every_third_sentence_is_held_out(golden: Golden) -> None:
    assert len(golden.sentences) >= 300
    assert len({sentence.text for sentence in golden.sentences}) == len(golden.sentences)
    assert [s.number for s in golden.sentences] == [*range(1, len(golden.sentences) + 1)]
    assert all(s.held_out == (s.number % 3 == 0) for s in golden.sentences)


def test_every_kind_and_every_verdict_is_in_the_set(golden: Golden) -> None:
    labels = [label for sentence in golden.sentences for label in sentence.labels]
    assert {kind for _, kind, _, _ in labels} == {
        "level", "change", "direction", "record_high", "record_low", "milestone", "first", "count",
        "volatility", "streak",
    }  # fmt: skip
    assert len({verdict for *_, verdict in labels}) == 4
    assert len({indicator for indicator, *_ in labels}) >= 20


@pytest.mark.parametrize("part", ["open", "held out"])
def test_true_statements_are_not_contradicted(
    parts: Mapping[str, Mapping[str, float]], part: str
) -> None:
    assert parts[part]["true"] > 90
    assert parts[part]["contradicted"] <= 0.01


@pytest.mark.parametrize("part", ["open", "held out"])
def test_false_statements_are_caught(parts: Mapping[str, Mapping[str, float]], part: str) -> None:
    assert parts[part]["false"] > 500
    assert parts[part]["caught"] >= 0.95


@pytest.mark.parametrize(("part", "floor"), [("open", 0.97), ("held out", 0.88)])
def test_statements_are_found_as_they_are_labelled(
    parts: Mapping[str, Mapping[str, float]], part: str, floor: float
) -> None:
    """A checker that shrugs at everything would pass the other tests, not this one."""
    assert parts[part]["as labelled"] >= floor


def test_each_kind_of_mutation_is_made(golden: Golden) -> None:
    made = {mutation.what for mutation in golden.mutations()}
    assert made == {"number", "direction", "date", "unit", "indicator"}


def test_the_same_text_gives_the_same_claims(golden: Golden) -> None:
    for sentence in golden.sentences[:20]:
        one = [label_of(p.claim) for p in golden.claims(sentence.text)]
        assert one == [label_of(p.claim) for p in golden.claims(sentence.text)]
