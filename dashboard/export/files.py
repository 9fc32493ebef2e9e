"""A data file or a picture from the command line: the same bytes as its address gives."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from dashboard.address import AddressError, as_named, parse, pasted
from dashboard.chart_page import short_links
from dashboard.chart_page.check_codes import current
from dashboard.chart_page.pictures import paper, png_of, svg_of
from dashboard.chart_page.view import of_chart, view
from dashboard.data.snapshot import Snapshots
from dashboard.export.formats import FORMATS
from dashboard.export.receipts import Made, receipts
from dashboard.export.table import of_data, table
from dashboard.urls import Urls
from etl.errors import StorageError
from etl.settings import Settings
from etl.storage.snapshots import store_of


def export(
    settings: Settings, ids: Sequence[str], options: Mapping[str, str], name: str, target: Path
) -> str:
    """Write the file of `ids` (the first may carry @ASOF) in the format `name`; a line about it."""
    snapshot = Snapshots(store_of(settings)).current()
    more = ",".join(part for part in (*ids[1:], options.get("with", "")) if part)
    now = datetime.now(UTC)
    place, query = as_named(ids[0], {**options, "with": more}, snapshot.catalog)
    address = of_data(parse(place, query, snapshot.catalog, now))
    kind = FORMATS[f".{name}"]
    found = table(snapshot, address)
    urls = Urls.of(settings)
    body = kind.write(found, urls)
    write_whole(target, body)
    digest = sha256(body).hexdigest()
    link = urls.online.chart(address, kind.suffix)
    record = receipts(settings)
    record.note(Made(digest, link, snapshot.name, len(body), now))
    record.close()
    return f"{target}: {found.row_count:,} rows, {len(body):,} bytes, sha256 {digest}"


def image(settings: Settings, address: str, target: Path) -> str:
    """Write the picture of an address, in the state of the link; a line about it."""
    kind = target.suffix.lower()
    if kind not in (".png", ".svg"):
        raise AddressError(
            "output", f"output: {target.name} is no picture; end it in .png or .svg."
        )
    snapshot = Snapshots(store_of(settings)).current()
    place, given = pasted(address)
    size, query = paper(given)
    now = datetime.now(UTC)
    if place.startswith("/s/"):
        asked = short_links.address(place.removeprefix("/s/"), snapshot.catalog)
        asked = current(asked, snapshot.catalog)
    else:
        place, query = as_named(place, query, snapshot.catalog)
        asked = of_chart(parse(place, query, snapshot.catalog, now))
    seen = view(snapshot, asked)
    urls = Urls.of(settings)
    body = svg_of(seen, size, urls).encode() if kind == ".svg" else png_of(seen, size, urls)
    write_whole(target, body)
    return f"{target}: {size.width} × {size.height}, {len(body):,} bytes. {seen.words.headline}"


def write_whole(target: Path, body: bytes) -> None:
    """Write a file whole or not at all."""
    draft = target.with_name(f".{target.name}.draft")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(body)
        os.replace(draft, target)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise StorageError(f"{target}: cannot be written ({error.strerror}).") from None
