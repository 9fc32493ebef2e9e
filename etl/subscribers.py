"""Who gets the letter of the day: addresses, each with its language and the newest day that it got.
Leaving takes an address that is signed, and no account."""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import date
from typing import Self

from etl.errors import SettingError, StorageError, quoted
from etl.records import now
from etl.row_store import SUBSCRIBERS, RowStore
from etl.settings import Settings

#: Where subscribers leave, on the site.
LEAVE = "/leave"
LANGS = ("zh", "en")
#: More are for a service that sends letters.
MOST = 2_000
_LONGEST = 254
_ADDRESS = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+", re.ASCII
)
_TOKEN = re.compile(r"([0-9a-f]{16})\.([A-Za-z0-9_-]{22})", re.ASCII)
#: What names the key, and keeps what is signed with it from meaning anything else.
_LEAVING = "leave"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Somebody who gets the letter; `sent` is the newest day of which it was sent."""

    number: str
    address: str
    lang: str
    since: date
    sent: date | None


class Subscribers:
    """The list, in a file or in PostgreSQL; a StorageError in words where it cannot be used."""

    def __init__(self, store: RowStore) -> None:
        self._store = store

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The list of a site; nothing is opened before it is asked."""
        return cls(SUBSCRIBERS.of(settings))

    def close(self) -> None:
        """Let go of the list; who asks again opens it again."""
        self._store.close()

    def all(self) -> list[Subscriber]:
        """Everybody, in the order in which they came."""
        rows = self._store.ask(
            "select number, address, lang, since, sent from subscribers order by since, number"
        )
        return [
            Subscriber(number, address, lang, date.fromisoformat(since[:10]),
                       date.fromisoformat(sent) if sent else None)
            for number, address, lang, since, sent in rows
        ]  # fmt: skip

    def waiting(self, day: date) -> list[Subscriber]:
        """Those who have not got the letter of a day, nor of a later one."""
        return [one for one in self.all() if one.sent is None or one.sent < day]

    def add(self, address: str, lang: str) -> bool:
        """Let an address get the letter in a language; False where it did already, and then only
        the language changes. A SettingError in words where it is no address."""
        plain = plain_address(address)
        if lang not in LANGS:
            raise SettingError(f"'{quoted(lang)}' is no language of the letter; zh and en are.")
        if self._store.ask("select 1 from subscribers where address = ?", plain):
            self._store.ask("update subscribers set lang = ? where address = ?", lang, plain)
            return False
        ((count,),) = self._store.ask("select count(*) from subscribers")
        if count >= MOST:
            raise SettingError(
                f"there are {count:,} subscribers, and no more are kept here; a service for "
                "mailings sends to more than that."
            )
        self._store.ask(
            "insert into subscribers values (?, ?, ?, ?, '') on conflict do nothing",
            secrets.token_hex(8), plain, lang, now().isoformat(),
        )  # fmt: skip
        return True

    def remove(self, address: str) -> bool:
        """Take an address away; whether it was there."""
        found = self._store.ask(
            "delete from subscribers where address = ? returning number", plain_address(address)
        )
        return bool(found)

    def begin(self, subscriber: Subscriber, day: date) -> bool:
        """Remember that the letter of a day goes out to somebody: before it does, so that at worst
        it does not go out, and never goes out twice. False where it went out already, or they have
        left."""
        found = self._store.ask(
            "update subscribers set sent = ? where number = ? and sent < ? returning number",
            day.isoformat(), subscriber.number, day.isoformat(),
        )  # fmt: skip
        return bool(found)

    def take_back(self, subscriber: Subscriber) -> None:
        """Remember what was known of somebody before: their letter was surely not taken."""
        before = subscriber.sent.isoformat() if subscriber.sent else ""
        self._store.ask(
            "update subscribers set sent = ? where number = ?", before, subscriber.number
        )

    def leave_path(self, subscriber: Subscriber) -> str:
        """The address within the site at which somebody leaves; it tells nothing of them."""
        english = "?lang=en" if subscriber.lang == "en" else ""
        return f"{LEAVE}/{subscriber.number}.{self._signature(subscriber.number)}{english}"

    def is_leave_token(self, token: str) -> bool:
        """Whether this was made here, for somebody who gets the letter or has left."""
        found = _TOKEN.fullmatch(token)
        return found is not None and hmac.compare_digest(self._signature(found[1]), found[2])

    def leave(self, token: str) -> bool:
        """Take away whom a token names; False where it was not made here. Whoever has left
        already has left."""
        if not self.is_leave_token(token):
            return False
        self._store.ask("delete from subscribers where number = ?", token.partition(".")[0])
        return True

    def _signature(self, number: str) -> str:
        digest = hmac.digest(self._key(), f"{_LEAVING}:{number}".encode(), "sha256")
        return urlsafe_b64encode(digest[:16]).decode("ascii").rstrip("=")

    def _key(self) -> bytes:
        """What tokens are signed with, made when the first is."""
        select = "select body from subscriber_keys where name = ?"
        rows = self._store.ask(select, _LEAVING)
        if not rows:
            self._store.ask(
                "insert into subscriber_keys values (?, ?) on conflict do nothing",
                _LEAVING, secrets.token_hex(32),
            )  # fmt: skip
            rows = self._store.ask(select, _LEAVING)
        if not rows:
            raise StorageError("The key of the list of subscribers could not be kept.")
        return bytes.fromhex(rows[0][0])


def plain_address(text: str) -> str:
    """An e-mail address as it is kept, in small letters; a SettingError where it is none. The
    sentence repeats it to who typed it, and goes into no log."""
    found = text.strip().lower()
    if len(found) > _LONGEST or not _ADDRESS.fullmatch(found) or ".." in found:
        raise SettingError(
            f"'{quoted(text)}' is no e-mail address; write it like name@example.org."
        )
    return found
