"""Lets tests that name the file of a warehouse run over a lake: `pytest -p over_lakes`, while
XINZHI_TEST_LAKE names a PostgreSQL database and XINZHI_TEST_LAKE_FILES a folder, both empty.

Each path is a lake in a schema of its own, and at the path lies a note that says which; a copy of
the note is a copy of the lake, made when it is first opened.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

from etl.dsn import parse_dsn
from etl.errors import StorageError
from etl.settings import Lake, load_settings
from etl.storage import warehouse
from etl.storage.warehouse import Warehouse, warehouse_of

DSN, FILES = "XINZHI_TEST_LAKE", "XINZHI_TEST_LAKE_FILES"
#: What opens a file, put aside while paths are lakes.
opened_file = warehouse.opened


class Lakes:
    """The lakes of one process, in one database."""

    def __init__(self, dsn: str, files: Path) -> None:
        self.dsn, self.files = dsn, files

    @contextmanager
    def opened(self, path: Path, *, read_only: bool = False) -> Iterator[Warehouse]:
        """In the place of `opened`: the lake that belongs to a path."""
        note = self._note(path)
        if note is None and path.exists() and path.stat().st_size:
            with opened_file(path, read_only=read_only) as held:  # a snapshot, or a file moved to
                yield held
            return
        if note is None:
            if read_only:
                raise StorageError(f"{path}: cannot be used (there is none).")
            schema = self._copy(self._empty())
            self._write(path, schema)
        elif note["path"] != str(path):
            schema = self._copy(note["schema"])
            self._write(path, schema)
        else:
            schema = note["schema"]
        settings = replace(
            load_settings({"XINZHI_DATA": str(path.parent)}), lake=self._lake(schema)
        )
        with warehouse_of(settings, read_only=read_only) as held:
            yield held

    @cache  # noqa: B019 - there is one for a process
    def _empty(self) -> str:
        """A lake with the tables and no row: making them takes seconds, copying them does not."""
        schema = f"t{uuid4().hex[:12]}"
        with warehouse_of(replace(load_settings({}), lake=self._lake(schema))):
            return schema

    def _lake(self, schema: str) -> Lake:
        catalog = parse_dsn(DSN, f"{self.dsn} options='-csearch_path={schema}'")
        return Lake(catalog, self.files / schema)

    def _copy(self, schema: str) -> str:
        """The same lake in another schema: the rows of its catalog, and its files."""
        new = f"t{uuid4().hex[:12]}"
        if (self.files / schema).exists():
            shutil.copytree(self.files / schema, self.files / new, copy_function=os.link)
        with closing(psycopg.connect(self.dsn, autocommit=True)) as asked, asked.transaction():
            asked.execute(sql.SQL("create schema {}").format(sql.Identifier(new)))
            query = "select tablename from pg_tables where schemaname = %s"
            for (table,) in asked.execute(query, [schema]).fetchall():
                old, own = sql.Identifier(schema, table), sql.Identifier(new, table)
                asked.execute(sql.SQL("create table {} (like {} including all)").format(own, old))
                asked.execute(sql.SQL("insert into {} select * from {}").format(own, old))
            asked.execute(
                sql.SQL("update {} set value = %s where key = 'data_path'").format(
                    sql.Identifier(new, "ducklake_metadata")
                ),
                [f"{(self.files / new).resolve()}/"],
            )
        return new

    def _note(self, path: Path) -> Mapping[str, str] | None:
        try:
            note = json.loads(path.read_text("ascii"))
        except (OSError, ValueError):
            return None
        return note if isinstance(note, dict) else None

    def _write(self, path: Path, schema: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"schema": schema, "path": str(path)}), "ascii")


# Before anything else has loaded it by name.
warehouse.opened = Lakes(os.environ[DSN], Path(os.environ[FILES])).opened
