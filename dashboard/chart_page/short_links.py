"""Short codes for frozen chart addresses: the address itself, packed into a few bytes with a
checksum. Nothing is stored, so no restart, rebuild or second server can lose one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from hashlib import sha256

from dashboard.address import (
    MAX_TITLE,
    RANGES,
    TRANSFORMS,
    AddressError,
    ChartAddress,
    Transform,
    Window,
    title,
)
from etl.calendars import end_of
from etl.catalog import Catalog
from etl.records import BEIJING
from etl.short_ids import BYTES, short_id

#: Digits and letters that are not mistaken for each other.
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
#: A code of the second version ends with a title, which the first has none of.
VERSION, TITLED = 1, 2
#: As long as a code can be: without a title, and with one of signs of four bytes each.
MAX_CODE = 60 + 6 * MAX_TITLE
#: Codes are printed and sent: values may be added at the end of these, never moved.
_RANGES = ("1m", "3m", "6m", "ytd", "1y", "3y", "5y", "10y", "max")
_TRANSFORMS = ("level", "diff", "pct", "mom", "yoy", "index", "ma", "drawdown", "z")
_LOOKS: Mapping[str, Sequence[str]] = {
    "scale": ("linear", "log"),
    "lang": ("zh", "en"),
    "theme": ("auto", "light", "dark"),
    "updown": ("red", "green"),
}
#: A second byte of looks, after a first that says so: what no old code has.
_BROUGHT: Mapping[str, Sequence[str]] = {
    "freq": ("", "w", "m", "q", "a"),
    "agg": ("eop", "avg", "sum", "min", "max"),
}
_SECOND = 128
_FROM_TO = 255
_DAY, _CHECK = 3, 2
# Which parts follow the first byte, whose upper two bits are the version.
_MINUTE, _WINDOW, _TRANSFORM, _LOOK, _MORE = 1, 2, 4, 8, 48
assert set(RANGES) <= set(_RANGES)
assert set(TRANSFORMS) <= set(_TRANSFORMS)


def code(address: ChartAddress) -> str:
    """The code of a frozen address."""
    assert address.as_of is not None
    local = address.as_of.astimezone(BEIJING)
    whole_day = end_of(local.date()) == address.as_of
    looks = _looks(address)
    flags = (
        (0 if whole_day else _MINUTE)
        | (_WINDOW if str(address.window) else 0)
        | (_TRANSFORM if address.transform != Transform() else 0)
        | (_LOOK if looks else 0)
        | len(address.more) << 4
    )
    version = TITLED if address.title else VERSION
    packed = bytes([version << 6 | flags]) + b"".join(short_id(name) for name in address.ids)
    packed += _day(local.date())
    if not whole_day:
        packed += (local.hour * 60 + local.minute).to_bytes(2, "big")
    if flags & _WINDOW:
        packed += _packed_window(address.window)
    if flags & _TRANSFORM:
        packed += _packed_transform(address.transform)
    if looks:
        packed += bytes([looks])
    if looks & _SECOND:
        packed += bytes([_number(address, _BROUGHT, 8)])
    packed += _packed_title(address.title)
    return _written(packed + _check(packed))


def address(text: str, catalog: Catalog) -> ChartAddress:
    """The address that a code stands for; AddressError 404 for what is no code of ours."""
    wrong = AddressError("code", f"code: '{text[:40]}' is no short link of this site.", 404)
    packed = _read(text)
    if packed is None or len(packed) < 1 + BYTES + _DAY + _CHECK:
        raise wrong
    packed, check = packed[:-_CHECK], packed[-_CHECK:]
    if _check(packed) != check or packed[0] >> 6 not in (VERSION, TITLED):
        raise wrong
    try:
        return _unpacked(_Bytes(packed), catalog)
    except (ValueError, IndexError, KeyError, OverflowError, AddressError):
        raise wrong from None


def is_whole(text: str) -> bool:
    """Whether it is a code with its checksum, whatever it stands for: not one that was mistyped."""
    packed = _read(text)
    return packed is not None and _check(packed[:-_CHECK]) == packed[-_CHECK:]


class _Bytes:
    """Packed bytes, read from the front."""

    def __init__(self, packed: bytes) -> None:
        self.rest = packed

    def take(self, count: int) -> bytes:
        if len(self.rest) < count:
            raise ValueError
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def number(self, count: int = 1) -> int:
        return int.from_bytes(self.take(count), "big")

    def day(self) -> date:
        return date.fromordinal(self.number(_DAY))


def _unpacked(packed: _Bytes, catalog: Catalog) -> ChartAddress:
    flags = packed.number()
    known = {short_id(name): name for name in _names(catalog)}
    first, *more = [known[packed.take(BYTES)] for _ in range(1 + ((flags & _MORE) >> 4))]
    day = packed.day()
    as_of = end_of(day)
    if flags & _MINUTE:
        minutes = packed.number(2)
        clock = time(minutes // 60, minutes % 60)
        as_of = datetime.combine(day, clock, BEIJING).astimezone(UTC)
    window = _window(packed) if flags & _WINDOW else Window()
    transform = _transform(packed) if flags & _TRANSFORM else Transform()
    looks = packed.number() if flags & _LOOK else 0
    chosen = _chosen(looks & ~_SECOND, _LOOKS, 4)
    if looks & _SECOND:
        chosen |= _chosen(packed.number(), _BROUGHT, 8)
    words = _title(packed.rest) if flags >> 6 == TITLED else ""
    return ChartAddress(first, as_of, tuple(more), window, transform, **chosen, title=words)


def _names(catalog: Catalog) -> Iterator[str]:
    """Every id there is or was: a code outlives the renaming of an indicator."""
    yield from catalog.indicators
    yield from catalog.current_ids


def _day(day: date | None) -> bytes:
    return (day.toordinal() if day else 0).to_bytes(_DAY, "big")


def _packed_window(window: Window) -> bytes:
    if window.name:
        return bytes([_RANGES.index(window.name)])
    return bytes([_FROM_TO]) + _day(window.start) + _day(window.end)


def _window(packed: _Bytes) -> Window:
    place = packed.number()
    if place != _FROM_TO:
        return Window(_RANGES[place])
    start, end = packed.number(_DAY), packed.number(_DAY)
    return Window(
        "", date.fromordinal(start) if start else None, date.fromordinal(end) if end else None
    )


def _packed_transform(transform: Transform) -> bytes:
    packed = bytes([_TRANSFORMS.index(transform.name)])
    if transform.n is not None:
        return packed + transform.n.to_bytes(2, "big")
    return packed + (_day(transform.base) if transform.name == "index" else b"")


def _transform(packed: _Bytes) -> Transform:
    name = _TRANSFORMS[packed.number()]
    if name in ("ma", "z"):
        return Transform(name, n=packed.number(2))
    if name == "index":
        base = packed.number(_DAY)
        return Transform(name, base=date.fromordinal(base) if base else None)
    return Transform(name)


def _packed_title(words: str) -> bytes:
    """A title in the fewer bytes: two for each Chinese sign, or one for each Latin one."""
    if not words:
        return b""
    wide, narrow = words.encode("utf-16-be"), words.encode()
    return b"\1" + wide if len(wide) < len(narrow) else b"\0" + narrow


def _title(packed: bytes) -> str:
    """The title that was packed: only what an address may hold, and never an empty one."""
    words = packed[1:].decode(("utf-8", "utf-16-be")[packed[0]])
    if not words or title(words) != words:
        raise ValueError
    return words


def _looks(address: ChartAddress) -> int:
    """Scale, language, theme and colour of a rise in one byte, and whether a second follows; 0 for
    the defaults."""
    return _number(address, _LOOKS, 4) | (_SECOND if address.freq else 0)


def _number(address: ChartAddress, choices: Mapping[str, Sequence[str]], room: int) -> int:
    number = 0
    for name, values in choices.items():
        number = number * room + values.index(getattr(address, name))
    return number


def _chosen(number: int, choices: Mapping[str, Sequence[str]], room: int) -> dict[str, str]:
    chosen = {}
    for name, values in reversed(list(choices.items())):
        number, place = divmod(number, room)
        chosen[name] = values[place]
    return chosen


def _check(packed: bytes) -> bytes:
    return sha256(b"xinzhi" + packed).digest()[:_CHECK]


def _written(packed: bytes) -> str:
    number, letters = int.from_bytes(packed, "big"), ""
    while number:
        number, place = divmod(number, len(ALPHABET))
        letters = ALPHABET[place] + letters
    return letters


def _read(text: str) -> bytes | None:
    if not 0 < len(text) <= MAX_CODE or any(letter not in ALPHABET for letter in text):
        return None
    number = 0
    for letter in text:
        number = number * len(ALPHABET) + ALPHABET.index(letter)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
