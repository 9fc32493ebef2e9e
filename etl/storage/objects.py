"""A place in an object store as files: get, put, list, delete, each with bounds of time, and what
goes wrong as a sentence. Nothing here needs conditional writes, ranges or the deletion of many at
once, which not every store has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from etl.errors import StorageError
from etl.settings import BucketAddress, Settings

if TYPE_CHECKING:  # it takes a moment to load, which who names no bucket need not wait for
    from obstore.store import ClientConfig, S3Config, S3Store

#: How often a question is put again, and how long one whole file may be under way.
RETRIES, TRANSFER_S = 2, 900.0
#: Larger files go up in parts, so that only some of them is in memory.
MOST_AT_ONCE, PART = 64_000_000, 16_000_000
CHUNK = 1 << 20
#: Stores that want the bucket in the name of the host.
_IN_HOST = (".aliyuncs.com", ".myqcloud.com")
_NEAR = "localhost,127.0.0.0/8,::1"
_CODE = re.compile(r"<Code>\s*([A-Za-z0-9.]{1,60})\s*</Code>")
_STATUS = re.compile(r"status code: (\d{3})")
#: What a store that does not trust, know or find something calls it, in words.
_REASONS: Mapping[str, str] = {
    "RequestTimeTooSkewed": "its clock and that of this machine differ by more than it allows; set "
    "the clock of this machine by the network",
    "InvalidAccessKeyId": "it does not know the key of XINZHI_S3_KEY_ID",
    "SignatureDoesNotMatch": "the secret does not belong to the key; correct XINZHI_S3_SECRET",
    "ExpiredToken": "the session token has expired",
    "InvalidToken": "it does not know the session token",
    "NoSuchBucket": "there is no such bucket; make it, or correct its name",
    "InvalidBucketName": "it allows no bucket of this name",
    "AuthorizationHeaderMalformed": "the bucket is in another region; correct XINZHI_S3_REGION",
    "PermanentRedirect": "the bucket is at another endpoint; correct XINZHI_S3_REGION and "
    "XINZHI_S3_ENDPOINT",
    "SecondLevelDomainForbidden": "it wants the bucket in the name of the host; write "
    "XINZHI_S3_ENDPOINT as https://BUCKET.HOST",
    "QuotaExceeded": "it is full",
    "XMinioStorageFull": "it is full",
}  # fmt: skip
#: In what a library says of a connection: what it means.
_CONNECTIONS: Mapping[str, str] = {
    "certificate": "its certificate is not trusted; set XINZHI_CA_BUNDLE to the one that signed it",
    "dns error": "its host is not known; look at XINZHI_S3_ENDPOINT",
    "lookup address": "its host is not known; look at XINZHI_S3_ENDPOINT",
    "incorrectly configured region": "the bucket is in another region; correct XINZHI_S3_REGION",
    "169.254.169.254": "no key is set; set XINZHI_S3_KEY_ID and XINZHI_S3_SECRET",
    "kind: connect": "it cannot be reached",
    "kind: timeout": "no answer in time",
    "kind: body": "the connection broke off",
    "kind: interrupted": "the connection broke off",
    "body": "the connection broke off",
}
Kind = Literal["short", "down", "up"]


class ObjectProblem(StorageError):
    """An object store did not do what it was asked. `str(error)` names the place; `plain`, which
    names none, can be shown to any reader."""

    def __init__(self, place: str, plain: str) -> None:
        super().__init__(f"{place}: {plain}")
        self.plain = plain


class StoreAway(ObjectProblem):
    """The store cannot be used: it does not answer, or refuses."""


class NoSuchObject(ObjectProblem):
    """There is nothing under a name."""


class OtherSize(ObjectProblem):
    """An object is not as long as it should be."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object of a listing, named from the place on."""

    name: str
    bytes: int
    modified: datetime


class Objects:
    """The objects of one place. Every method raises an ObjectProblem in words, without any
    secret."""

    def __init__(self, settings: Settings, address: BucketAddress) -> None:
        self.settings, self.address = settings, address
        self._stores: dict[Kind, S3Store] = {}

    def __str__(self) -> str:
        return str(self.address)

    def get(self, name: str, most: int) -> bytes:
        """A small object; one of more than `most` bytes is refused."""
        import obstore

        with self._in_words("read", name):
            found = obstore.get(self._store("short"), name)
            if found.meta["size"] > most:
                raise self._other(name, f"it has {found.meta['size']:,} bytes, not a few")
            return bytes(found.bytes())

    def fetch(self, name: str, size: int, to: IO[bytes] | None = None) -> str:
        """Read an object of `size` bytes into a file that is open for writing, or nowhere: its
        SHA-256. An OSError is that of the file."""
        import obstore

        digest, count = sha256(), 0
        with self._in_words("read", name):
            chunks = iter(obstore.get(self._store("down"), name).stream(min_chunk_size=CHUNK))
        while True:
            with self._in_words("read", name):
                chunk = next(chunks, None)
            if chunk is None:
                break
            count += len(chunk)
            if count > size:
                break
            digest.update(chunk)
            if to is not None:
                to.write(chunk)
        if count != size:
            found = f"more than {size:,} bytes" if count > size else f"{count:,} bytes of {size:,}"
            raise self._other(name, f"it has {found}")
        return digest.hexdigest()

    def put(self, name: str, payload: bytes) -> None:
        """Store a small object, whole or not at all."""
        import obstore

        with self._in_words("write", name):
            obstore.put(self._store("short"), name, payload, use_multipart=False)

    def put_file(self, name: str, path: Path) -> None:
        """Store a file, whole or not at all."""
        import obstore

        in_parts = path.stat().st_size > MOST_AT_ONCE
        with self._in_words("write", name):
            obstore.put(
                self._store("up"), name, path, use_multipart=in_parts, chunk_size=PART,
                max_concurrency=4,
            )  # fmt: skip

    def size(self, name: str) -> int | None:
        """How many bytes an object has; None where there is none."""
        import obstore

        try:
            with self._in_words("read", name):
                return int(obstore.head(self._store("short"), name)["size"])
        except NoSuchObject:
            return None

    def listed(self, below: str = "") -> tuple[list[StoredObject], list[str]]:
        """What lies directly below a name, objects and what further names begin with, sorted."""
        import obstore

        with self._in_words("list", below):
            found = obstore.list_with_delimiter(self._store("short"), below or None)
        objects = [StoredObject(o["path"], o["size"], _aware(o["last_modified"]))
                   for o in found["objects"]]  # fmt: skip
        return sorted(objects, key=lambda one: one.name), sorted(found["common_prefixes"])

    def every(self, below: str) -> Iterator[StoredObject]:
        """Every object below a name, at any depth."""
        import obstore

        pages = iter(obstore.list(self._store("short"), below, chunk_size=1000))
        while True:
            with self._in_words("list", below):
                page = next(pages, None)
            if page is None:
                return
            for one in page:
                yield StoredObject(one["path"], one["size"], _aware(one["last_modified"]))

    def delete(self, name: str) -> None:
        """Delete an object; one that is not there is deleted already."""
        import obstore

        with suppress(NoSuchObject), self._in_words("delete", name):
            obstore.delete(self._store("short"), name)

    def _store(self, kind: Kind) -> S3Store:
        if kind not in self._stores:
            self._stores[kind] = self._opened(kind)
        return self._stores[kind]

    def _opened(self, kind: Kind) -> S3Store:
        from obstore.store import S3Store

        seconds = self.settings.timeout_s
        options: ClientConfig = {
            **self._way_out,
            "connect_timeout": timedelta(seconds=min(seconds, 5.0)),
            "timeout": timedelta(seconds=seconds if kind == "short" else TRANSFER_S),
        }
        if kind == "down":  # while a file goes up nothing is read
            options["read_timeout"] = timedelta(seconds=seconds)
        access = self.settings.object_access
        endpoint, in_host = _endpoint(access.endpoint, self.address.name)
        config: S3Config = {
            "region": access.region,
            "virtual_hosted_style_request": in_host,
            "disable_bulk_delete": True,
        }
        if endpoint:
            config["endpoint"] = endpoint
        if access.key_id and access.secret:
            config |= {"access_key_id": access.key_id, "secret_access_key": access.secret}
        if access.token:
            config["session_token"] = access.token
        return S3Store(
            self.address.name,
            prefix=self.address.prefix or None,
            config=config,
            client_options=options,
            retry_config={
                "max_retries": RETRIES,
                "retry_timeout": timedelta(seconds=seconds),
                "backoff": {"max_backoff": timedelta(seconds=1)},
            },
        )

    @cached_property
    def _way_out(self) -> ClientConfig:
        """The proxy and the certificates of every outgoing request."""
        options: ClientConfig = {
            "allow_http": (self.settings.object_access.endpoint or "").startswith("http:")
        }
        if self.settings.proxy:
            options |= {"proxy_url": self.settings.proxy, "proxy_excludes": _NEAR}
        if self.settings.ca_bundle is not None:
            try:
                bundle = self.settings.ca_bundle.read_text(encoding="ascii", errors="ignore")
            except OSError as error:
                raise StoreAway(
                    str(self.settings.ca_bundle), f"cannot be read ({error.strerror})."
                ) from None
            options["root_certificate"] = bundle
            if self.settings.proxy:
                options["proxy_ca_certificate"] = bundle
        return options

    @contextmanager
    def _in_words(self, doing: str, name: str) -> Iterator[None]:
        """What the library raises in the block, as a sentence."""
        from obstore.exceptions import BaseError

        try:
            yield
        except StorageError:
            raise
        except (BaseError, FileNotFoundError, ValueError, OSError) as error:
            raise self._told(doing, name, error) from None

    def _told(self, doing: str, name: str, error: Exception) -> ObjectProblem:
        # What the store said may hold the key and what was signed: only its code is repeated.
        said = str(error)
        code, status = _first(_CODE, said), _first(_STATUS, said)
        missing = isinstance(error, FileNotFoundError) or status == "404"
        if missing and code in ("", "NoSuchKey") and (code or doing != "read" or "HEAD" in said):
            return NoSuchObject(f"{self.address}/{name}", "there is no such object.")
        if code in _REASONS:
            reason = _REASONS[code]
        elif missing:
            reason = "what answers there is no object store, or has no such bucket"
        elif status == "403" or code == "AccessDenied":
            reason = f"the key may not {doing} there, or is no key of it"
        elif status == "507":
            reason = "it is full"
        elif status:
            reason = f"it answered with status {status}{f', {code}' if code else ''}"
        else:
            told = said.lower()
            reason = next((words for sign, words in _CONNECTIONS.items() if sign in told), "")
            reason = reason or "what answers there speaks another language than S3"
        host = urlsplit(self.settings.object_access.endpoint or "").netloc
        place = f"{self.address}{f' at {host}' if host else ''}"
        hide = self.settings.without_secrets
        return StoreAway(hide(place), hide(f"the object store cannot be used ({reason})."))

    def _other(self, name: str, words: str) -> OtherSize:
        return OtherSize(f"{self.address}/{name}", f"{words}; it is not what was put there.")


def stands_in_host(endpoint: str, bucket: str) -> bool:
    """Whether a store at this address wants the bucket in the name of the host, or has it there."""
    host = urlsplit(endpoint).hostname or ""
    return host.startswith(f"{bucket}.") or host.endswith(_IN_HOST)


def _endpoint(endpoint: str | None, bucket: str) -> tuple[str | None, bool]:
    """The address to ask, and whether the bucket stands in the name of its host."""
    if endpoint is None or not stands_in_host(endpoint, bucket):
        return endpoint, False
    parts = urlsplit(endpoint)
    host = parts.netloc.removeprefix(f"{bucket}.")
    return f"{parts.scheme}://{bucket}.{host}", True


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
