"""Addresses of servers in settings: read in either form, shown without secrets, else refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.dsn import parse_dsn
from etl.errors import SettingError
from etl.settings import BucketAddress, load_settings

WORD = st.text(st.characters(min_codepoint=33, max_codepoint=0x4E20, exclude_categories=["C", "Z"],
                             exclude_characters="%"), min_size=4, max_size=12)  # fmt: skip


def quoted(word: str) -> str:
    return word.replace("\\", "\\\\").replace("'", "\\'")


@given(WORD)
def test_a_password_of_any_letters_is_read_and_never_shown(word: str) -> None:
    from psycopg.conninfo import conninfo_to_dict

    other = load_settings({"XINZHI_STATE": "postgresql://editor:x@db.example:5433/site"})
    for text in (
        f"host=db.example port=5433 dbname=site user=editor password='{quoted(word)}'",
        f"postgresql://editor:{word.replace('?', '%3F')}@db.example:5433/site",
    ):
        found = parse_dsn("XINZHI_STATE", text)
        assert conninfo_to_dict(found.conninfo)["password"] == word
        assert (found.host, found.port, found.database, found.user) == (
            "db.example", "5433", "site", "editor",
        )  # fmt: skip
        assert found.shown == "postgresql://db.example:5433/site"
        assert repr(found) == repr(parse_dsn("X", text.replace("XINZHI", "")))
        settings = load_settings({"XINZHI_STATE": text})
        assert word not in settings.without_secrets(f"could not log in with {word} there")
        # Whatever is shown of the settings is the same with another password.
        assert repr(settings) == repr(other)


@pytest.mark.parametrize(
    "text",
    ["db.example", "postgresql://", "host=x", "dbname=x port=99999", "dbname=x port=a",
     "dbname=x sslmode", "dbname=x hunter2=1", "mysql://u:hunter2@h/db", "dbname='x",
     "postgresql://u:hunter2@h:port/db", "postgresql://u:hunter2@[::1/db"],
)  # fmt: skip
def test_what_is_no_address_of_a_database_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(SettingError, match=r"^XINZHI_STATE: is no address") as refused:
        load_settings({"XINZHI_STATE": text})
    assert "hunter2" not in str(refused.value)


def test_a_warehouse_is_a_file_or_a_lake_in_postgresql(tmp_path: Path) -> None:
    plain = load_settings({"XINZHI_DATA": str(tmp_path)})
    assert (plain.warehouse, plain.lake) == (tmp_path / "warehouse.duckdb", None)
    own = load_settings({"XINZHI_WAREHOUSE": str(tmp_path / "w.duckdb")})
    assert (own.warehouse, own.lake) == (tmp_path / "w.duckdb", None)
    lake = load_settings({
        "XINZHI_DATA": str(tmp_path),
        "XINZHI_WAREHOUSE": "ducklake:postgres:postgresql://u:hunter2@db:5432/site",
    })  # fmt: skip
    assert lake.lake is not None
    assert (lake.lake.catalog.database, lake.lake.files) == ("site", tmp_path / "lake")
    assert lake.state_dsn == lake.lake.catalog
    assert "hunter2" not in repr(lake)


@pytest.mark.parametrize(
    ("name", "text"),
    [("WAREHOUSE", "ducklake:sqlite:x.db"), ("WAREHOUSE", "ducklake:x.ducklake"),
     ("WAREHOUSE", "postgresql://u:hunter2@h/db"), ("WAREHOUSE", "s3://bucket/warehouse"),
     ("WAREHOUSE", "ducklake:postgres:host=x"), ("SNAPSHOTS", "s3://"), ("SNAPSHOTS", "s3://A_B/x"),
     ("SNAPSHOTS", "oss://bucket/x"), ("SNAPSHOTS", "s3://hunter2@bucket"),
     ("LAKE_FILES", "gs://bucket"), ("S3_ENDPOINT", "ftp://x"), ("S3_ENDPOINT", "127.0.0.1:9000"),
     ("S3_ENDPOINT", "http://k:hunter2@store"), ("S3_ENDPOINT", "http://store/path"),
     ("S3_REGION", "cn hangzhou"), ("S3_KEY_ID", "alone"), ("S3_SECRET", "hunter2"),
     ("CACHE_MB", "0"), ("CACHE_MB", "viel"), ("CACHE_MB", "-5")],
)  # fmt: skip
def test_an_unusable_place_is_refused_by_the_name_of_its_setting(name: str, text: str) -> None:
    with pytest.raises(SettingError, match=f"XINZHI_{name}") as refused:
        load_settings({f"XINZHI_{name}": text})
    assert "hunter2" not in str(refused.value)


def test_snapshots_lie_in_a_folder_or_a_bucket(tmp_path: Path) -> None:
    plain = load_settings({"XINZHI_DATA": str(tmp_path)})
    assert plain.published == tmp_path / "published"
    folder = load_settings({"XINZHI_SNAPSHOTS": str(tmp_path / "shared")})
    assert folder.published == tmp_path / "shared"
    bucket = load_settings({
        "XINZHI_DATA": str(tmp_path), "XINZHI_SNAPSHOTS": "s3://site-snapshots/a/b/",
    })  # fmt: skip
    assert bucket.snapshots == BucketAddress("site-snapshots", "a/b")
    assert str(bucket.snapshots) == "s3://site-snapshots/a/b"
    assert bucket.published == tmp_path / "published"


def test_the_variables_of_every_client_name_the_store_where_ours_do_not() -> None:
    aws = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9000", "AWS_ACCESS_KEY_ID": "theirs",
        "AWS_SECRET_ACCESS_KEY": "their-secret", "AWS_DEFAULT_REGION": "cn-north-1",
    }  # fmt: skip
    found = load_settings(aws).object_access
    assert (found.endpoint, found.region, found.key_id, found.secret) == (
        "http://127.0.0.1:9000", "cn-north-1", "theirs", "their-secret",
    )  # fmt: skip
    ours = load_settings({**aws, "XINZHI_S3_ENDPOINT": "https://oss.example"}).object_access
    assert (ours.endpoint, ours.key_id) == ("https://oss.example", "theirs")
    assert "their-secret" not in load_settings(aws).without_secrets("refused their-secret here")
