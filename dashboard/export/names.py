"""What a file is called where it is saved: different files have different names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from urllib.parse import quote

from dashboard.address import RANGES, ChartAddress, Transform, Window, moment_text
from dashboard.texts import aggregate_name, range_name, text, transform_name
from etl.catalog import Catalog

#: Letters of a name without its suffix; of a longer one the end is a digest of the whole.
MOST = 120
_DIGEST = 8
#: What file systems refuse, and what stands in its place.
_REFUSED = str.maketrans('<>:"/\\|?*', "＜＞：＂／＼｜？＊")
#: Names that Windows keeps for its devices, whatever suffix follows.
_DEVICES = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)))
)
#: Parameters whose values say without their name what they are.
_PLAIN = ("t", "u", "scale", "lang", "theme", "updown", "shape", "for", "scope")


def disposition(
    address: ChartAddress,
    catalog: Catalog,
    suffix: str,
    more: Sequence[str] = (),
    kind: str = "attachment",
) -> str:
    """A Content-Disposition with an ASCII name, and one in the language of the address; `more` is
    what else tells the file from others of its address, such as the size of a picture."""
    plain = _bounded("_".join((*_ascii(address), *more))) + suffix
    told = _bounded("_".join((*_in_words(address, catalog), *more))) + suffix
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(told, safe='')}"


def _ascii(address: ChartAddress) -> Iterator[str]:
    yield "+".join(address.ids)
    if address.as_of is not None:
        yield moment_text(address.as_of)
    for name, value in _pairs(address):
        words = value.replace("..", "~").replace(":", "-").replace(",", "+")
        yield words if name in _PLAIN else f"{name}-{words}"


def _in_words(address: ChartAddress, catalog: Catalog) -> Iterator[str]:
    lang = address.lang
    yield "+".join(catalog[name].title.in_(lang) for name in address.ids)
    if address.as_of is not None:
        yield moment_text(address.as_of)
    for name, value in _pairs(address):
        match name:
            case "t":
                yield _window(address.window, lang)
            case "u":
                yield _transform(address.transform, lang)
            case "scale" | "shape" | "scope":
                yield text(f"file_{value}", lang)
            case "for":
                yield "Excel"
            case "freq":
                yield aggregate_name(value, address.agg, lang)
            case "lang" | "agg":
                pass  # the title is in it; the frequency says how
            case _:
                yield value if name in _PLAIN else f"{name}-{value}"


def _pairs(address: ChartAddress) -> Iterator[tuple[str, str]]:
    """The parameters that differ from their defaults, but the ids."""
    for pair in filter(None, address.query().split("&")):
        name, _, value = pair.partition("=")
        if name != "with":
            yield name, value


def _window(window: Window, lang: str) -> str:
    if window.name in RANGES:
        return range_name(window.name, lang)
    return f"{window.start or ''}~{window.end or ''}"


def _transform(transform: Transform, lang: str) -> str:
    words = transform_name(transform.name, lang, transform.n)
    return f"{words} {transform.base}" if transform.base else words


def _bounded(stem: str) -> str:
    """The stem of a name that every file system takes."""
    stem = "".join(c for c in stem.translate(_REFUSED) if c.isprintable()).strip(" .")
    if stem.partition(".")[0].strip().lower() in _DEVICES:
        stem = f"_{stem}"
    if len(stem) <= MOST:
        return stem
    digest = sha256(stem.encode()).hexdigest()[:_DIGEST]
    return f"{stem[: MOST - _DIGEST - 1].rstrip(' .')}_{digest}"
