"""An object store as files, and every way in which it can go wrong as one sentence."""

from __future__ import annotations

import io
import ssl
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
import trustme
from conftest import is_one_sentence
from odd_store import OddStore, odd_store, refusal

from benchmarks.servers import BucketServer
from etl.settings import BucketAddress, load_settings
from etl.storage.objects import NoSuchObject, ObjectProblem, Objects, OtherSize, StoreAway

SECRETS = ("example-secret", "AKIAEXAMPLE")


def _objects(environment: dict[str, str], **more: str) -> Objects:
    settings = load_settings({**environment, **more})
    assert isinstance(settings.snapshots, BucketAddress)
    return Objects(settings, settings.snapshots)


@pytest.fixture
def odd() -> Iterator[OddStore]:
    with odd_store() as store:
        yield store


@pytest.fixture
def real(bucket: BucketServer, request: pytest.FixtureRequest) -> Objects:
    """An empty place in a real store."""
    bucket.new_bucket("objects")
    return _objects(dict(bucket.settings("objects", request.node.name.replace("[", "_")[:60])))


def test_what_is_put_is_there_whole_and_what_is_deleted_is_gone(real: Objects) -> None:
    assert real.size("one") is None
    real.put("one", b"12345")
    real.put("raw/fred/sp500/20260527-ab.gz", b"x")
    assert (real.get("one", 5), real.size("one")) == (b"12345", 5)
    objects, folders = real.listed()
    assert ([(one.name, one.bytes) for one in objects], folders) == ([("one", 5)], ["raw"])
    assert real.listed("raw/fred")[1] == ["raw/fred/sp500"]
    assert [one.name for one in real.every("raw")] == ["raw/fred/sp500/20260527-ab.gz"]
    real.delete("one")
    real.delete("one")
    assert real.size("one") is None
    with pytest.raises(NoSuchObject, match=r"/one: there is no such object\."):
        real.get("one", 5)


def test_a_file_that_goes_up_in_parts_comes_back_in_the_same_bytes(
    real: Objects, tmp_path: Path
) -> None:
    path, back = tmp_path / "file", io.BytesIO()
    payload = bytes(range(256)) * 280_000  # more than goes up at once
    path.write_bytes(payload)
    real.put_file("file", path)
    assert real.fetch("file", len(payload), back) == sha256(payload).hexdigest()
    assert back.getvalue() == payload


def test_an_object_of_another_length_is_no_object_of_ours(real: Objects) -> None:
    real.put("one", b"12345")
    for read in (
        lambda: real.get("one", 4), lambda: real.fetch("one", 4), lambda: real.fetch("one", 6)
    ):  # fmt: skip
        with pytest.raises(OtherSize, match="it is not what was put there"):
            read()


def test_a_bucket_that_is_not_there_is_named(bucket: BucketServer) -> None:
    objects = _objects({**bucket.settings("nowhere")})
    for ask in (lambda: objects.get("one", 5), lambda: objects.put("one", b""), objects.listed):
        with pytest.raises(StoreAway, match=r"s3://nowhere/site at .*there is no such bucket"):
            ask()


REFUSALS = {
    "RequestTimeTooSkewed": (403, "set the clock of this machine by the network"),
    "InvalidAccessKeyId": (403, "XINZHI_S3_KEY_ID"),
    "SignatureDoesNotMatch": (403, "XINZHI_S3_SECRET"),
    "AccessDenied": (403, "the key may not"),
    "AuthorizationHeaderMalformed": (400, "XINZHI_S3_REGION"),
    "PermanentRedirect": (301, "XINZHI_S3_REGION"),
    "NoSuchBucket": (404, "there is no such bucket"),
    "SlowDown": (503, "status 503, SlowDown"),
    "InternalError": (500, "status 500"),
    "QuotaExceeded": (403, "it is full"),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_is_one_sentence_that_says_what_to_do_and_no_secret(
    odd: OddStore, code: str
) -> None:
    status, words = REFUSALS[code]
    odd.refuses = status, refusal(code)
    objects = _objects(odd.settings())
    for ask in (lambda: objects.get("one", 5), lambda: objects.put("one", b"1"), objects.listed):
        with pytest.raises(StoreAway) as caught:
            ask()
        said = str(caught.value)
        assert words in said
        assert said.startswith(f"s3://odd/site at 127.0.0.1:{odd.port}: ")
        assert "\n" not in said
        assert not [one for one in SECRETS if one in said]
        assert str(odd.port) not in caught.value.plain


def test_who_may_read_and_not_write_is_told_so(odd: OddStore) -> None:
    odd.refuses = 403, refusal("AccessDenied")
    with pytest.raises(StoreAway, match="the key may not write there"):
        _objects(odd.settings()).put("one", b"1")


def test_what_is_no_object_store_is_not_taken_for_an_empty_one(odd: OddStore) -> None:
    objects = _objects(odd.settings())
    odd.refuses = 404, b"<html>not found</html>"
    with pytest.raises(StoreAway, match="no object store"):
        objects.get("one", 5)


def test_a_host_that_is_not_there_or_says_nothing_is_away(odd: OddStore) -> None:
    gone = _objects(odd.settings(), XINZHI_S3_ENDPOINT="http://127.0.0.1:1")
    with pytest.raises(StoreAway, match="it cannot be reached"):
        gone.get("one", 5)
    odd.hangs.set()
    with pytest.raises(StoreAway, match="no answer in time"):
        _objects(odd.settings(), XINZHI_TIMEOUT="0.5").get("one", 5)


def test_an_answer_that_is_cut_off_is_no_answer(odd: OddStore) -> None:
    odd.held["/odd/site/one"] = bytes(1_000_000)
    odd.cut_after = 300_000
    with pytest.raises(ObjectProblem):
        _objects(odd.settings()).fetch("one", 1_000_000)


def test_a_store_with_a_certificate_of_its_own_is_trusted_by_the_bundle_alone(
    tmp_path: Path,
) -> None:
    authority = trustme.CA()
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with odd_store(context) as store:
        store.held["/odd/site/one"] = b"12345"
        address = {**store.settings(), "XINZHI_S3_ENDPOINT": f"https://127.0.0.1:{store.port}"}
        assert _objects(address, XINZHI_CA_BUNDLE=str(bundle)).get("one", 5) == b"12345"
        with pytest.raises(StoreAway, match="XINZHI_CA_BUNDLE"):
            _objects(address).get("one", 5)


def test_every_question_goes_through_the_proxy_but_for_loopback(odd: OddStore) -> None:
    odd.held["/odd/site/one"] = b"12345"
    proxy = f"http://user:pass-of-proxy@127.0.0.1:{odd.port}"
    far = _objects(odd.settings(), XINZHI_PROXY=proxy, XINZHI_S3_ENDPOINT="http://store.example")
    odd.held["/odd/site/far"] = b"far"
    with pytest.raises(ObjectProblem) as caught:
        far.get("none", 5)
    assert any("store.example" in asked for asked in odd.asked)
    assert "pass-of-proxy" not in str(caught.value)
    odd.asked.clear()
    near = _objects(odd.settings(), XINZHI_PROXY="http://127.0.0.1:1")
    assert near.get("one", 5) == b"12345"


def test_stores_that_want_the_bucket_in_the_host_get_it_there(odd: OddStore) -> None:
    proxy = f"http://127.0.0.1:{odd.port}"
    for endpoint in ("http://oss-cn-hangzhou.aliyuncs.com", "http://odd.store.example"):
        odd.asked.clear()
        objects = _objects(odd.settings(), XINZHI_PROXY=proxy, XINZHI_S3_ENDPOINT=endpoint)
        with pytest.raises(ObjectProblem):
            objects.get("one", 5)
        assert all("://odd." in asked for asked in odd.asked)
        assert odd.asked


def test_every_sentence_is_one(odd: OddStore) -> None:
    odd.refuses = 403, refusal("SignatureDoesNotMatch")
    with pytest.raises(StoreAway) as caught:
        _objects(odd.settings()).listed()
    assert is_one_sentence(f"error: {caught.value}\n")
