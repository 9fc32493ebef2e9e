"""The grammar of chart addresses: ID[@ASOF] and its parameters, parsed and printed in one place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from unicodedata import normalize
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urlencode, urlsplit

from etl.calendars import end_of
from etl.catalog import Catalog
from etl.errors import XinzhiError, nearest, plain_line
from etl.records import BEIJING

RANGES = ("1m", "3m", "6m", "ytd", "1y", "3y", "5y", "10y", "max")
TRANSFORMS = ("level", "diff", "pct", "mom", "yoy", "index", "ma", "drawdown", "z")
API_FORMATS = ("json", "csv", "parquet")
MAX_WINDOW = 5000
MAX_IDS = 25
MAX_WITH = 3
#: By how much the clocks of the machines of one site may differ.
CLOCKS_DIFFER = timedelta(minutes=10)
MAX_TITLE = 60
MAX_QUERY = 20_000
_ID = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "scale": ("linear", "log"),
    "freq": ("", "w", "m", "q", "a"),
    "agg": ("eop", "avg", "sum", "min", "max"),
    "lang": ("zh", "en"),
    "theme": ("auto", "light", "dark"),
    "updown": ("red", "green"),
    "shape": ("long", "wide"),
    "for": ("", "excel"),
    "scope": ("view", "full"),
}
#: Every parameter of an address.
PARAMETERS = ("with", "t", "u", *_CHOICES, "title")
#: Every parameter that any address of the site looks at.
KNOWN = frozenset((*PARAMETERS, "size", "w", "h", "ids", "asof", "date", "format", "month", "topic",
                   "issuer", "id", "kind", "q", "page", "url", "maxwidth", "maxheight", "group",
                   "link", "frequency", "sort", "cols", "verdict", "since", "until", "start",
                   "end", "code", "full"))  # fmt: skip
#: What chats, mail and campaigns add to a link: none of ours, and nobody wrote it.
_ADDED = frozenset((
    "from", "isappinstalled", "nsukey", "scene", "subscene", "ascene", "clicktime", "enterid",
    "devicetype", "version", "nettype", "sessionid", "session_us", "abtest_cookie", "exportkey",
    "pass_ticket", "wx_header", "fontgear", "countrycode", "uin", "key", "winzoom", "chksm",
    "mpshare", "srcid", "share_token", "sharer_sharetime", "sharer_shareid", "sharer_shareinfo",
    "sharer_shareinfo_first", "wxshare_count", "state", "fbclid", "gclid", "msclkid", "spm",
    "ref", "_",
))  # fmt: skip
#: Parameters whose values people write as they like.
_WRITTEN = frozenset(("topic", "issuer", "q", "url", "title", "code"))
#: Where the text around a link begins: signs that no address of this site holds.
_TEXT_AROUND = re.compile(r"[^\x00-\x7f]|[\\,;!<>()\[\]{}|\"'`*]")
#: Within a query any sign of a keyboard may be a wrong value, which is answered in words.
_TEXT_AROUND_QUERY = re.compile(r"[^\x00-\x7f]")
#: What may stand within an address, but not at its end.
_CLOSING, _CLOSING_QUERY = "/.:? ", "/.:?;! )]>\"'"
#: What the values of an address are made of, wherever people do not write them as they like.
_VALUE = re.compile(r"[\w,:.-]+", re.ASCII)
_UNFINISHED = re.compile(r"%[0-9A-Fa-f]?\Z")
#: What begins addresses and is none.
_NOWHERE = ("/c", "/s", "/embed", "/embed/c")
_ALLOWED_T = "1m 3m 6m ytd 1y 3y 5y 10y max, or FROM..TO like 2025-01-01..2026-05-26"
_ALLOWED_U = "level diff pct mom yoy index index:2025-01-02 ma:N drawdown z:N (N from 2 to 5000)"


#: Letters without a shape, which hide between others; marks above the first two on a letter.
_BLANK = frozenset("\u00ad\u034f\u115f\u1160\u2800\u3164\uffa0")
_MARKS = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
_PILED = re.compile(f"({_MARKS}{{2}}){_MARKS}+")
_DAY = r"\d{4}-\d{2}-\d{2}"
_TAKES_N, _TAKES_DAY = ("ma", "z"), ("index",)


def schema_of(parameter: str) -> dict[str, Any]:
    """What a parameter takes, as JSON Schema: what is refused here is refused by `parse` too."""
    id_, plain = _ID.pattern.removesuffix(r"\Z"), "|".join(set(TRANSFORMS) - set(_TAKES_N))
    patterns = {
        "id": f"^{id_}$",
        "ids": f"^{id_}(,{id_}){{0,{MAX_IDS - 1}}}$",
        "with": f"^({id_}(,{id_}){{0,{MAX_WITH - 1}}})?$",
        "place": f"^{id_}(@{_DAY}(T\\d{{4}})?)?$",
        "asof": f"^{_DAY}(T\\d{{4}})?$",
        "t": f"^({'|'.join(RANGES)}|({_DAY})?\\.\\.({_DAY})?)$",
        "u": f"^({plain}|({'|'.join(_TAKES_DAY)}):{_DAY}|({'|'.join(_TAKES_N)}):\\d{{1,4}})$",
        "month": r"^\d{4}-\d{2}$",
    }
    if parameter in patterns:
        return {"type": "string", "pattern": patterns[parameter]}
    if parameter == "date":
        return {"type": "string", "format": "date"}
    choices = {**_CHOICES, "format": API_FORMATS}.get(parameter)
    if choices is None:
        return {"type": "string", "maxLength": MAX_QUERY}
    return {"type": "string", "enum": list(choices), "default": choices[0]}


class AddressError(XinzhiError):
    """An address that means nothing, or nothing that may be given: `status` is 404 for an unknown
    thing, 410 for one that was taken back, 400 for a bad value, 403 for what a licence forbids."""

    def __init__(
        self, parameter: str, message: str, status: Literal[400, 403, 404, 410] = 400
    ) -> None:
        super().__init__(plain_line(message))  # it repeats what was asked
        self.parameter, self.status = parameter, status


class MovedError(XinzhiError):
    """The id in `parameter` has a new name."""

    def __init__(self, old: str, new: str, parameter: str = "id") -> None:
        super().__init__(f"{old} is now {new}")
        self.old, self.new, self.parameter = old, new, parameter


@dataclass(frozen=True, slots=True)
class Window:
    """A span of dates: a named range that counts back from the newest value, or FROM..TO.
    `name` is empty for the default, which depends on the series."""

    name: str = ""
    start: date | None = None
    end: date | None = None

    def __str__(self) -> str:
        if self.name or (self.start is None and self.end is None):
            return self.name
        return f"{self.start or ''}..{self.end or ''}"


@dataclass(frozen=True, slots=True)
class Transform:
    """What is done to the values: a name, and N or a date where it takes one."""

    name: str = "level"
    n: int | None = None
    base: date | None = None

    def __str__(self) -> str:
        if self.n is not None:
            return f"{self.name}:{self.n}"
        return f"{self.name}:{self.base}" if self.base else self.name


_LEVEL = Transform()
#: The other parameters with the field of each and its default.
_USUAL = tuple(
    (name, "for_" if name == "for" else name, allowed[0]) for name, allowed in _CHOICES.items()
)


@dataclass(frozen=True, slots=True)
class ChartAddress:
    """What one address asks for. Two addresses that mean the same are equal."""

    id: str
    as_of: datetime | None = None
    more: tuple[str, ...] = ()
    window: Window = Window()
    transform: Transform = Transform()
    scale: str = "linear"
    lang: str = "zh"
    theme: str = "auto"
    updown: str = "red"
    shape: str = "long"
    for_: str = ""
    scope: str = "view"
    freq: str = ""
    agg: str = "eop"
    #: A headline of the editor's own; empty where the chart says what it finds.
    title: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.id, *self.more)

    @property
    def chosen(self) -> dict[str, str]:
        """Window, transform, scale and frequency as parameters; empty where they are the
        defaults."""
        return {
            "t": str(self.window),
            "u": "" if self.transform == Transform() else str(self.transform),
            "scale": "" if self.scale == "linear" else self.scale,
            "freq": self.freq,
            "agg": "" if self.agg == "eop" else self.agg,
        }

    @property
    def place(self) -> str:
        """ID or ID@ASOF, as an address writes it."""
        return self.id if self.as_of is None else f"{self.id}@{moment_text(self.as_of)}"

    def query(self) -> str:
        """The parameters that differ from their defaults, in a fixed order."""
        # Ids, dates and words of ours: nothing in them but the title needs escaping.
        said = [f"with={','.join(self.more)}"] if self.more else []
        if window := str(self.window):
            said.append(f"t={window}")
        if self.transform != _LEVEL:
            said.append(f"u={self.transform}")
        for name, field, usual in _USUAL:
            if (value := getattr(self, field)) != usual:
                said.append(f"{name}={value}")
        if self.title:
            said.append(f"title={quote(self.title, safe='')}")
        return "&".join(said)


def parse(place: str, query: Mapping[str, str], catalog: Catalog, now: datetime) -> ChartAddress:
    """The address that `place` (ID or ID@ASOF) and its parameters mean.

    AddressError names the parameter and what is allowed; MovedError gives the new id.
    Unknown parameters are ignored.
    """
    name, at, moment = place.partition("@")
    known_id(name, catalog)
    choices = {key: _choice(key, query) for key in _CHOICES}
    if not choices["freq"]:
        choices["agg"] = "eop"  # values as they are held are not brought together
    return ChartAddress(
        id=name,
        as_of=_as_of(moment, now) if at else None,
        more=_more(query.get("with", ""), name, catalog),
        window=_begun(window(query.get("t", "")), now),
        transform=transform(query.get("u", "")),
        title=title(query.get("title", "")),
        **{_field(key): value for key, value in choices.items()},
    )


def parse_observations(
    query: Mapping[str, str], catalog: Catalog, now: datetime
) -> tuple[ChartAddress, str]:
    """The table and the format that the parameters of /api/v1/observations mean: the same grammar,
    with every id in `ids` and the moment in `asof`."""
    names = tuple(name for name in query.get("ids", "").split(",") if name)
    if not names:
        raise AddressError("ids", "ids: name at least one indicator, like ids=sp500,vix.")
    if len(names) > MAX_IDS:
        raise AddressError("ids", f"ids: {len(names)} ids; at most {MAX_IDS} are allowed.")
    for name in names:
        known_id(name, catalog, "ids")
    if len(set(names)) != len(names):
        raise AddressError("ids", "ids: each id may stand once.")
    asof, freq, agg = query.get("asof", ""), _choice("freq", query), _choice("agg", query)
    address = ChartAddress(
        id=names[0],
        as_of=_as_of(asof, now) if asof else None,
        more=names[1:],
        window=_begun(window(query.get("t", "")), now),
        transform=transform(query.get("u", "")),
        shape=_choice("shape", query),
        freq=freq,
        agg=agg if freq else "eop",
    )
    return address, one_of("format", query.get("format", ""), API_FORMATS)


def observations_query(address: ChartAddress, format_: str = "") -> str:
    """The parameters of /api/v1/observations that `parse_observations` reads back."""
    fields = {
        "ids": ",".join(address.ids),
        "t": str(address.window),
        "u": "" if address.transform == Transform() else str(address.transform),
        "freq": address.freq,
        "agg": address.agg if address.agg != "eop" else "",
        "asof": moment_text(address.as_of) if address.as_of else "",
        "shape": address.shape if address.shape != "long" else "",
        "format": format_,
    }
    return urlencode({name: value for name, value in fields.items() if value}, safe=":,.")


def parse_query(search: str) -> dict[str, str]:
    """The parameters of an address. One of ours that stands twice is refused: nobody can tell which
    was meant. Of others, which are ignored, the first counts."""
    try:
        if len(search) > MAX_QUERY:
            raise ValueError
        pairs = parse_qsl(search.lstrip("?"), max_num_fields=100, keep_blank_values=True)
    except ValueError:
        raise AddressError(
            "query", f"query: more than {MAX_QUERY} characters or 100 parameters; shorten it."
        ) from None
    query: dict[str, str] = {}
    for name, value in pairs:
        if name in query and name in KNOWN:
            raise AddressError(name, f"{name}: stands twice in this address; write it once.")
        query.setdefault(name, value)
    return query


def is_foreign(name: str) -> bool:
    """Whether a parameter is none of the site's, and none that a chat has added to the link."""
    return not (name in KNOWN or name in _ADDED or name.startswith("utm_") or not name)


def clean_path(path: str) -> str | None:
    """The address that `path`, decoded, begins with where the text around a link was taken into it:
    。 ） a slash, an unfinished escape, the next words. None where it is clean, or where nothing of
    it is an address."""
    found = _TEXT_AROUND.split(path, maxsplit=1)[0]
    if found.endswith(("/", "@")) and path[len(found) : len(found) + 1].isalnum():
        return None  # /indicators/标普 names something that there is not
    rest = path[len(found) :]
    if path.startswith("//") or (rest.isascii() and re.search("[0-9A-Za-z]", rest)):
        return None  # no end of a sentence: it is told what is wrong with it
    found = f"/{_without_ending(found, _CLOSING).lstrip('/')}"
    is_address = found.isprintable() and found not in _NOWHERE
    return found if is_address and found != path else None


def clean_query(query: str) -> str | None:
    """The query without the text around a link that was taken into its last value; None where it is
    clean. What people write as they like, such as a search, is left as it is."""
    start, mark, last = query.rpartition("&")
    name, equals, value = last.partition("=")
    if len(query) > MAX_QUERY:
        return None
    if not unquote_plus(name).isascii():
        further = clean_query(start)
        return start if further is None else further
    if name not in KNOWN or name in _WRITTEN:
        return None
    decoded = unquote_plus(value)
    whole = _TEXT_AROUND_QUERY.split(decoded, maxsplit=1)[0]
    if decoded[len(whole) : len(whole) + 1].isalnum():
        return None
    found = _without_ending(whole, _CLOSING_QUERY)
    if name == "t" and whole.startswith(f"{found}.."):
        found += ".."  # 2025-01-01.. is open at its end
    if found == decoded or not _VALUE.fullmatch(found) or not found.strip(",:.-"):
        return None
    return f"{start}{mark}{name}{equals}{quote(found, safe=':,.~-')}"


def spanned_query(query: str) -> str | None:
    """The query with one `t=FROM..TO` in place of the dates `start` and `end` that a form sends, of
    which either may be empty; None where it has neither."""
    if not re.search(r"(?:^|&)(?:start|end)=", query) or len(query) > MAX_QUERY:
        return None
    found = parse_query(query)
    start, end = found.pop("start", "").strip(), found.pop("end", "").strip()
    if start or end:
        found["t"] = f"{start}..{end}"
    return urlencode({name: value for name, value in found.items() if value}, safe=":,.@")


def _without_ending(words: str, closing: str) -> str:
    while words != (words := _UNFINISHED.sub("", words).rstrip(closing)):
        pass
    return words


def pasted(address: str) -> tuple[str, dict[str, str]]:
    """The place and the parameters of a chart's address as a person has it: whole with its host,
    from /c/ on or ID alone, with the suffix of a picture or without. A short link is /s/CODE."""
    try:
        parts = urlsplit(address[:MAX_QUERY])
    except ValueError:
        raise AddressError("address", f"address: '{address[:60]}' cannot be read.") from None
    path = unquote(parts.path)
    slash = "" if path.startswith("/") else "/"
    path = (clean_path(slash + path) or slash + path).removeprefix(slash)
    query = parse_query(clean_query(parts.query) or parts.query)
    # Before /s/ and /c/ there may be the path below which a proxy serves the site.
    _, short, code = path.rpartition("/s/")
    if short:
        return f"{short}{code}", query
    place = path.rpartition("/c/")[2].removesuffix(".png").removesuffix(".svg")
    return place, query


def known_id(name: str, catalog: Catalog, parameter: str = "id") -> str:
    """`name` if the catalog knows it; MovedError or AddressError otherwise."""
    if name in catalog:
        return name
    if name in catalog.current_ids:
        raise MovedError(name, catalog.current_ids[name], parameter)
    shown = name[:64]
    hint = nearest(name, catalog.indicators) if _ID.match(name) else "See /api/v1/indicators."
    raise AddressError(parameter, f"{parameter}: there is no indicator '{shown}'. {hint}", 404)


def as_named(place: str, query: Mapping[str, str], catalog: Catalog) -> tuple[str, dict[str, str]]:
    """The same place and parameters with the present ids: for whoever cannot be sent on to another
    address. An old and a new id of one indicator are one; what is written twice stays so."""
    name, at, moment = place.partition("@")
    found = dict(query)
    for key in ("with", "ids"):
        if found.get(key):
            said = [name] if key == "with" else []
            names: list[str] = []
            for one in found[key].split(","):
                is_known = catalog.resolve(one) in map(catalog.resolve, said)
                if one in said or not is_known:
                    names.append(catalog.resolve(one))
                said.append(one)
            found[key] = ",".join(names)
    return f"{catalog.resolve(name)}{at}{moment}", found


def window(text: str) -> Window:
    """The span that `t` names."""
    if not text:
        return Window()
    if text in RANGES:
        return Window(text)
    start, dots, end = text.partition("..")
    if not dots:
        raise AddressError("t", f"t: '{text[:40]}' is not a range. Allowed: {_ALLOWED_T}.")
    span = Window("", _date("t", start), _date("t", end))
    if span.start and span.end and span.start > span.end:
        raise AddressError("t", f"t: {start} is after {end}; write the earlier date first.")
    return Window("max") if span == Window() else span


def _begun(span: Window, now: datetime) -> Window:
    """The span, if it begins by today."""
    if span.start and span.start > now.astimezone(BEIJING).date():
        raise AddressError("t", f"t: {span.start} has not come yet; there is nothing from then on.")
    return span


def transform(text: str) -> Transform:
    """The transform that `u` names."""
    if not text:
        return Transform()
    name, colon, argument = text.partition(":")
    wrong = AddressError("u", f"u: '{text[:40]}' is not a transform. Allowed: {_ALLOWED_U}.")
    if name not in TRANSFORMS:
        raise wrong
    if name in _TAKES_DAY:
        return Transform(name, base=_date("u", argument) if colon else None)
    if name in _TAKES_N:
        if (
            not re.fullmatch(r"[0-9]{1,4}", argument, re.ASCII)
            or not 2 <= int(argument) <= MAX_WINDOW
        ):
            raise wrong
        return Transform(name, n=int(argument))
    if colon:
        raise wrong
    return Transform(name)


def title(text: str) -> str:
    """The headline that `title` gives: one line of plain words, without signs that nobody sees,
    that turn the direction of others or that pile up on one letter. What joins emoji goes too, and
    leaves its parts side by side."""
    seen = "".join(c for c in text if (c.isprintable() or c.isspace()) and c not in _BLANK)
    words = " ".join(_PILED.sub(r"\1", normalize("NFC", seen)).split())
    if len(words) > MAX_TITLE:
        raise AddressError(
            "title", f"title: {len(words)} characters; a headline has at most {MAX_TITLE}."
        )
    return words


def moment_text(moment: datetime) -> str:
    """A moment as an address writes it: the day where it is the end of one, else to the minute."""
    local = moment.astimezone(BEIJING)
    if end_of(local.date()) == moment:
        return f"{local:%Y-%m-%d}"
    return f"{local:%Y-%m-%dT%H%M}"


def as_of_in(query: Mapping[str, str], now: datetime) -> datetime | None:
    """The moment that the parameter `asof` names; None where there is none."""
    asked = query.get("asof", "").strip()
    return _as_of(asked, now) if asked else None


def _as_of(text: str, now: datetime) -> datetime:
    wrong = AddressError(
        "asof",
        f"asof: '{text[:40]}' is not a moment. Allowed: 2026-05-27 (the end of that day in "
        "Beijing) or 2026-05-27T0900 (Beijing time).",
    )
    found = re.fullmatch(r"(\d{4}-\d{2}-\d{2})(?:T(\d{2})(\d{2}))?", text, re.ASCII)
    if not found:
        raise wrong
    try:
        day = date.fromisoformat(found[1])
        if found[2] is None:
            moment = end_of(day)
        else:
            clock = time(int(found[2]), int(found[3]))
            moment = datetime.combine(day, clock, BEIJING).astimezone(UTC)
    except (ValueError, OverflowError):
        raise wrong from None
    # Another machine, whose clock is ahead, may have given the moment of its snapshot.
    latest = now + CLOCKS_DIFFER if found[2] else now
    if day > latest.astimezone(BEIJING).date():
        raise AddressError(
            "asof", f"asof: {day} has not come yet; what will be known then is not known now."
        )
    return moment


def _more(text: str, first: str, catalog: Catalog) -> tuple[str, ...]:
    names = tuple(name for name in text.split(",") if name) if text else ()
    if len(names) > MAX_WITH:
        raise AddressError("with", f"with: {len(names)} ids; at most {MAX_WITH} are allowed.")
    for name in names:
        known_id(name, catalog, "with")
    if len({first, *names}) != len(names) + 1:
        raise AddressError("with", "with: each id may stand once, and not the first one again.")
    return names


def _choice(name: str, query: Mapping[str, str]) -> str:
    return one_of(name, query.get(name, ""), _CHOICES[name])


def one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    """`value` if it is allowed; the first of them where there is none."""
    value = value or allowed[0]
    if value not in allowed:
        words = ", ".join(word for word in allowed if word)
        raise AddressError(name, f"{name}: '{value[:40]}' is not allowed. Allowed: {words}.")
    return value


def _date(parameter: str, text: str) -> date | None:
    return None if not text and parameter == "t" else day_of(parameter, text)


def day_of(parameter: str, text: str) -> date:
    """The day that `text` names; an AddressError that names the parameter if there is none."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise AddressError(
        parameter,
        f"{parameter}: '{text[:40]}' is not a date that exists; write it like 2026-05-26.",
    )


def _field(name: str) -> str:
    return "for_" if name == "for" else name
