"""Two snapshots of one warehouse: the public one, without anything that is for the committee, and
the committee's, which holds everything."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

import duckdb

from etl.catalog import Catalog
from etl.committee import (
    Hidden,
    NamesOfCommittee,
    days_of,
    hidden_from,
    hidden_now,
    public_catalog,
    quotes,
)
from etl.document_scope import FOUND
from etl.errors import StorageError
from etl.files.authored import PueComparison
from etl.policies.candidates import candidate_from
from etl.policies.identity import document_key
from etl.policies.register import documents_from_json
from etl.provinces import ProvinceYardstick
from etl.quoted_values import CommitteeValues
from etl.records import PUBLIC
from etl.reliability import Reliability
from etl.settings import Settings
from etl.storage.publish import SnapshotContent, publish
from etl.storage.snapshots import (
    Folder,
    SnapshotStore,
    committee_store_of,
    has_committee,
    meta_of,
    read_snapshot,
    store_of,
)
from etl.storage.warehouse import Warehouse, is_there, warehouse_of

#: The kind and the key of the text by which a warehouse remembers what is for the committee, and
#: the name of the same in the committee's snapshots.
KIND, KEY = "visibility", "committee"
#: How many places are told in which public words speak of it; who has mended them is told the next.
MOST_TOLD = 5
#: What is told in public of a source whose words name something for the committee.
UNTOLD = "Its last answer could not be used; whoever runs the site can see why."

#: Every value of what is for the committee, and whether any of the rest lies in some bounds.
VALUES = "select distinct indicator, date, value from held where indicator in (select unnest($ids))"
OTHERS = """
select exists(
  select 1 from held, (select unnest($low) as low, unnest($high) as high)
  where indicator not in (select unnest($ids)) and abs(value) between low and high)
"""


class QuotedError(StorageError):
    """Public words speak of what is for the committee."""


def remember(
    warehouse: Warehouse, content: SnapshotContent, *, load: int, known_at: datetime
) -> Hidden:
    """What is for the committee, kept in the warehouse: what was deleted since is not public for
    that, and old snapshots may still hold it."""
    before = remembered(warehouse)
    found = hidden_now(
        content.catalog, content.bulletins, content.documents, content.withdrawals, before
    )
    if found or before:
        warehouse.keep_text(KIND, KEY, found.to_json(), known_at=known_at, load=load)
    return found


def remembered(warehouse: Warehouse) -> Hidden:
    """What was for the committee at the last run."""
    held = warehouse.texts(KIND).get(KEY)
    return hidden_from(held) if held else Hidden()


def publish_to_all(
    settings: Settings,
    warehouse: Warehouse,
    content: SnapshotContent,
    hidden: Hidden,
    reliability: Sequence[Reliability],
    now: datetime,
    *,
    allow_fewer: bool = False,
) -> tuple[str | None, str | None]:
    """Publish the public snapshot, and the committee's where anything is, or was, for it: the names
    of both, None for one that has not changed. `reliability` is that of what is public. Where
    public words speak of what is for the committee, nothing is published: a QuotedError."""
    found = list(quoted_in(content, values_in(warehouse.connection, content.catalog)))
    if found:
        more = f" And {len(found) - MOST_TOLD:,} more." if len(found) > MOST_TOLD else ""
        raise QuotedError(
            "nothing is published, and the last snapshot stays: "
            f"{' '.join(found[:MOST_TOLD])}{more}{_still_shown(store_of(settings), hidden)}"
        )
    public = public_part(content, hidden, reliability) if hidden else content
    name = publish(warehouse, public, store_of(settings), now, allow_fewer=allow_fewer)
    if not hidden and not has_committee(settings):
        return name, None
    whole, store = replace(content, committee=hidden.to_json()), committee_store_of(settings)
    return name, publish(warehouse, whole, store, now, allow_fewer=allow_fewer)


def _still_shown(store: SnapshotStore, hidden: Hidden) -> str:
    """A sentence on what the public snapshot shows meanwhile of what is for the committee by now;
    nothing if it shows none."""
    try:
        name = store.current_name()
        shown = exposes(store.path(name), hidden) if name is not None else ""
    except StorageError:  # what stops the publication is said all the same
        return ""
    return f" Until it is mended, everybody can still read {shown}." if shown else ""


@contextmanager
def values_here(settings: Settings, catalog: Catalog) -> Iterator[CommitteeValues | None]:
    """The values for the committee that were published last, as far as they lie on this machine;
    None where there are none."""
    store = Folder(settings.committee)
    name = store.current_name()
    if name is None or not store.path(name).is_file():
        yield None
        return
    with read_snapshot(store.path(name)) as connection:
        yield values_in(connection, catalog)


def values_in(connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> CommitteeValues:
    """What a warehouse or a snapshot holds for the committee, found in texts."""
    ids = [name for one in catalog.all() if one.for_committee for name in (one.id, *one.old_ids)]
    rows = connection.execute(VALUES, {"ids": ids}).fetchall() if ids else []

    def is_public(bounds: Sequence[tuple[float, float]]) -> bool:
        found = connection.execute(
            OTHERS,
            {"ids": ids, "low": [low for low, _ in bounds], "high": [high for _, high in bounds]},
        )
        return bool(found.fetchall()[0][0])

    named = ((catalog.resolve(name), day, value) for name, day, value in rows)
    return CommitteeValues(catalog, named, is_public)


def quoted_in(content: SnapshotContent, values: CommitteeValues | None) -> Iterator[str]:
    """Where the public words of a snapshot speak of what is for the committee."""
    beside = [
        *_texts("the comparisons of PUE", content.comparisons),
        *_texts("the yardsticks of provinces", content.provinces),
    ]
    return quotes(
        content.catalog, content.bulletins, content.documents, content.corrections,
        content.withdrawals, beside, values,
    )  # fmt: skip


def _texts(
    where: str, rows: Sequence[PueComparison] | Sequence[ProvinceYardstick]
) -> Iterator[tuple[str, str]]:
    for row in rows:
        yield where, json.dumps(asdict(row), ensure_ascii=False)


def public_part(
    content: SnapshotContent, hidden: Hidden, reliability: Sequence[Reliability]
) -> SnapshotContent:
    """The content of the public snapshot: nothing in it tells that there is anything else."""
    catalog, days = public_catalog(content.catalog, hidden), days_of(hidden)
    shut = {day.isoformat() for day in days}
    names = NamesOfCommittee(content.catalog)

    def told(rows: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        return tuple((subject, _tellable(sentence, names)) for subject, sentence in rows
                     if subject not in hidden.indicators)  # fmt: skip

    return replace(
        content,
        catalog=catalog,
        bulletins=tuple(b for b in content.bulletins if b.visibility == PUBLIC),
        documents=tuple(
            replace(d, cited_by=tuple(day for day in d.cited_by if day not in shut))
            for d in content.documents
            if d.visibility == PUBLIC
        ),
        problems=told(content.problems),
        alerts=tuple(one for one in content.alerts if one.indicator in catalog),
        corrections=tuple(one for one in content.corrections if one.indicator in catalog),
        notices=told(content.notices),
        candidates=tuple(
            text for text in content.candidates
            if document_key(candidate_from(text).document) not in hidden.documents
        ),
        candidates_left=tuple(k for k in content.candidates_left if k not in hidden.documents),
        reliability=tuple(
            replace(one, problem=_tellable(one.problem, names)) for one in reliability
        ),
        first_seen=tuple(one for one in content.first_seen if one.indicator in catalog),
        withdrawals=tuple(
            one for one in content.withdrawals
            if one.visibility == PUBLIC and one.date not in days
        ),
        untold=hidden.indicators,
        tell=lambda sentence: _tellable(sentence, names),
    )  # fmt: skip


def _tellable(sentence: str, names: NamesOfCommittee) -> str:
    return UNTOLD if names.in_text(sentence) else sentence


def hidden_of(settings: Settings, catalog: Catalog | None = None) -> Hidden:
    """What is for the committee, as far as anything on this machine knows it: the warehouse, the
    committee's snapshot, and the catalog if it is given. A StorageError where it cannot be told."""
    found, problems = hidden_now(catalog, (), ()) if catalog is not None else Hidden(), []
    try:
        if is_there(settings):
            with warehouse_of(settings, read_only=True) as warehouse:
                return found | remembered(warehouse)
    except StorageError as error:
        problems.append(error)
    if has_committee(settings):
        with committee_store_of(settings).read_current() as connection:
            return found | hidden_from(meta_of(connection).get(KEY, "{}"))
    if problems:
        raise problems[0]
    return found


def exposes(path: Path, hidden: Hidden) -> str:
    """What a snapshot holds that is for the committee, in a few words; nothing if none of it."""
    if not hidden:
        return ""
    with read_snapshot(path) as connection:
        catalog = json.loads(_column(connection, "select document from catalog")[0])
        held = _column(connection, "select distinct indicator from held")
        bulletins = set(map(str, _column(connection, "select date from bulletins")))
        texts = ",".join(_column(connection, "select document from policies"))
        listed = [d for d in documents_from_json(f"[{texts}]") if d.origin not in FOUND]
        titles = [d.title for d in listed if document_key(d) in hidden.documents]
    found = [
        *sorted({*catalog["indicators"], *held} & hidden.indicators),
        *(f"the bulletin of {day}" for day in sorted(bulletins & hidden.bulletins)),
        *(f"《{title}》" for title in titles),
    ]
    return f"{found[0]}{f' and {len(found) - 1:,} more' if found[1:] else ''}" if found else ""


def _column(connection: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    return [value for (value,) in connection.execute(query).fetchall()]
