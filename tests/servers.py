"""Fixtures of the servers that a site on several machines needs; each test that asks for one is
skipped with a reason where it is not installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.servers import (
    LAKE_PYTHON,
    POSTGRES,
    BucketServer,
    PostgresServer,
    bucket_server,
    postgres_server,
)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL for all tests of a worker; take a `new_database` of it."""
    yield from _one_postgres()


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A PostgreSQL that a test may stop."""
    yield from _one_postgres()


@pytest.fixture(scope="session")
def bucket() -> Iterator[BucketServer]:
    """An S3 store for all tests of a worker; take a `new_bucket` of it."""
    if not LAKE_PYTHON.exists():
        pytest.skip("the S3 store is not installed: make install-lake")
    with bucket_server() as server:
        yield server


def _one_postgres() -> Iterator[PostgresServer]:
    if POSTGRES is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with postgres_server() as server:
        yield server
