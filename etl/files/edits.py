"""Changes of the files that people write: each whole or not at all, with who made it and why, and a
way back. Where the file lies in a git work tree a change is a commit of that file alone; elsewhere
the text before it is kept in `replaced/` beside the file."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

from etl.errors import Locked, SettingError, StorageError, plain_line, quoted
from etl.records import now
from etl.settings import Settings
from etl.storage.warehouse import writing

#: How long git may take for one step, and how often a lock of its index is waited for.
GIT_S, GIT_TRIES = 20.0, 5
#: How long a change waits for a run to end, and how often it looks.
WAIT_S, LOOK_S = 5.0, 0.2
#: The longest name and reason, and how many versions of a file are looked through.
MOST_NAME, MOST_WHY, MOST_VERSIONS = 60, 200, 100
KEPT, LOG = "replaced", "changes.jsonl"
#: Who is named where nobody knows.
NOBODY = "unknown"
_SEPARATOR = "\x1f"
#: What lies in the folder of git while somebody is in the middle of something there.
_UNDER_WAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")
#: What a person's own git is set to must not change what a commit holds, run programs, or ask.
_QUIET = tuple(
    part
    for setting in (
        f"core.hooksPath={os.devnull}", "core.fsmonitor=false", "commit.gpgSign=false", "gc.auto=0",
        "maintenance.auto=false", "core.autocrlf=false", "core.safecrlf=false",
        "i18n.commitEncoding=utf-8", "i18n.logOutputEncoding=utf-8",
    )
    for part in ("-c", setting)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Editor:
    """Who changes a file and why, as its history tells them; `mail` may be empty."""

    name: str
    why: str = ""
    mail: str = ""


@dataclass(frozen=True, slots=True)
class FileVersion:
    """A file as a change left it; `id` names the change, `content` is None where the file was not
    there."""

    id: str
    at: datetime
    who: str
    why: str
    content: bytes | None


@contextmanager
def editing(settings: Settings, wait_s: float = WAIT_S) -> Iterator[None]:
    """Hold the lock of all writers, after waiting some seconds for a run that is going on; Locked
    in words if it still is. A StorageError says where the folder cannot be written."""
    until = time.monotonic() + wait_s
    while True:
        held = writing(settings)
        try:
            held.__enter__()
            break
        except Locked:
            if time.monotonic() >= until:
                raise Locked(
                    "A run is going on and holds the files; nothing was changed. Save again when "
                    "it has ended."
                ) from None
        time.sleep(LOOK_S)
    try:
        yield
    finally:
        held.__exit__(None, None, None)


def put(path: Path, payload: bytes) -> None:
    """Write a file whole or not at all; a StorageError in words if it cannot be."""
    draft = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = path.stat().st_mode & 0o7777 if path.exists() else 0o644
        with tempfile.NamedTemporaryFile(
            "wb", dir=path.parent, prefix=f".{path.name}.", suffix=".draft", delete=False
        ) as file:
            draft = file.name
            file.write(payload)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(draft, mode)
        os.replace(draft, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(draft)
        raise StorageError(f"{path}: cannot be written ({error.strerror}).") from None


def change(path: Path, payload: bytes, editor: Editor) -> bool:
    """Put `payload` into the place of a file, with its commit or its kept copy; False if the file
    says it already. The caller holds the lock (`editing`). A StorageError in words leaves the file
    as it was."""
    path = path.resolve()
    before = content_of(path)
    if before == payload:
        return False
    tree = _work_tree(path)
    if tree is None:
        _change_and_keep(path, before, payload, editor)
    else:
        _change_and_commit(tree, path, before, payload, editor)
    return True


def versions(path: Path, most: int = MOST_VERSIONS) -> list[FileVersion]:
    """The last changes of a file, newest first, each with what it left. The oldest one listed has
    no text before it here."""
    path = path.resolve()
    try:
        tree = _work_tree(path)
    except StorageError:  # who changes it is told; the file itself can be read
        return []
    return _committed(tree, path, most) if tree else _kept(path, most)


def changes(path: Path, most: int = MOST_VERSIONS) -> Iterator[tuple[FileVersion, bytes | None]]:
    """Each change, newest first, with what the file said before it."""
    for after, before in pairwise(versions(path, most + 1)):
        yield after, before.content


def undone(path: Path, change_id: str) -> bytes:
    """What a file would say without one of its changes: what was changed elsewhere since stays. A
    SettingError in words where later changes touch the same lines."""
    found = next(((a, b) for a, b in changes(path) if a.id == change_id), None)
    if found is None:
        raise SettingError(f"{path.name}: no change '{quoted(change_id)}' is known.")
    after, before = found[0].content or b"", found[1]
    if before is None:
        raise SettingError(
            f"{path.name}: that change made the file; empty it in place of taking the change back."
        )
    present = content_of(path) or b""
    both = merged(after, present, before)
    if both is None:
        raise SettingError(
            f"{path.name}: later changes touch the same lines; take those back first, or edit it."
        )
    return both


def merged(base: bytes, one: bytes, other: bytes) -> bytes | None:
    """A text with the changes of two people who began from `base`; None where they touch the same
    lines, or lines side by side. A StorageError where there is no git to tell."""
    if base == one or one == other:
        return other
    if base == other:
        return one
    with tempfile.TemporaryDirectory() as folder:
        texts = {"one": one, "base": base, "other": other}
        for name, content in texts.items():
            (Path(folder) / name).write_bytes(content)
        done = _run(Path(folder), "merge-file", "--stdout", "--quiet", *texts)
    if done is None:
        raise StorageError(
            "Two changes can be put together where git is installed; install it, or make yours "
            "again in the newest text."
        )
    return None if done.returncode else done.stdout


def content_of(path: Path) -> bytes | None:
    """What a file holds; None if there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"{path}: cannot be read ({error.strerror}).") from None


def _work_tree(path: Path) -> Path | None:
    """The top of the git work tree that a file belongs to; None if there is none, if it is to
    ignore the file, or if it stands on no branch, where a commit would belong to nobody. A
    StorageError where git will not read it."""
    folder = path.parent
    while not folder.exists():
        folder = folder.parent
    done = _run(folder, "rev-parse", "--show-toplevel")
    if done is None or b"not a git repository" in done.stderr:
        return None
    if done.returncode or not done.stdout.strip():
        told = done.stderr.decode("utf-8", "replace") or "no work tree"
        raise StorageError(
            f"{folder}: git does not read its work tree ({quoted(told)}); nothing was changed."
        )
    ignored = _run(folder, "check-ignore", "--quiet", "--", str(path))
    if ignored is None or ignored.returncode != 1:
        return None
    tree = Path(os.fsdecode(done.stdout.rstrip(b"\n")))
    return tree if _is_under_way(tree) or _has_branch(tree) else None


def _has_branch(tree: Path) -> bool:
    done = _run(tree, "symbolic-ref", "--quiet", "HEAD")
    return done is not None and not done.returncode


def _is_under_way(tree: Path) -> bool:
    asked = (part for name in _UNDER_WAY for part in ("--git-path", name))
    told = _git(tree, "rev-parse", *asked).splitlines()
    return any((tree / os.fsdecode(line)).exists() for line in told)


def _commit(tree: Path, path: Path, editor: Editor) -> None:
    """Commit one file as it is, and nothing else that is staged."""
    name, mail = _person(editor)
    env = {"GIT_LITERAL_PATHSPECS": "1"} | {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", name), ("EMAIL", mail))
    }
    message = plain_line(editor.why)[:MOST_WHY] or f"{path.name} changed"
    _git(tree, "add", "--", str(path), env=env)
    _git(
        tree, "commit", "--quiet", "--no-verify", "--cleanup=verbatim", "--only", "--file=-", "--",
        str(path), env=env, said=f"{message}\n".encode(),
    )  # fmt: skip


def _person(editor: Editor) -> tuple[str, str]:
    """Name and address as git takes them."""
    name = plain_line(editor.name).translate({ord(c): None for c in "<>"})[:MOST_NAME]
    if not name.strip(" .,:;\"\\'"):
        name = NOBODY
    mail = plain_line(editor.mail).translate({ord(c): None for c in "<> "})[:MOST_NAME]
    return name, mail or f"{sha256(name.encode()).hexdigest()[:12]}@desk.invalid"


def _committed(tree: Path, path: Path, most: int) -> list[FileVersion]:
    form = _SEPARATOR.join(("%H", "%aI", "%an", "%s"))
    told = _run(tree, "log", f"--max-count={most}", f"--format={form}", "--", str(path))
    if told is None or told.returncode:  # nothing was committed yet
        return []
    rows = [row.split(_SEPARATOR) for row in told.stdout.decode("utf-8", "replace").splitlines()]
    inside = path.relative_to(tree.resolve()).as_posix()
    asked = "".join(f"{row[0]}:{inside}\n" for row in rows)
    contents = _objects(_git(tree, "cat-file", "--batch", said=asked.encode()), len(rows))
    found = [
        FileVersion(row[0], datetime.fromisoformat(row[1]), row[2], row[3], content)
        for row, content in zip(rows, contents, strict=True)
    ]
    if len(found) < most and found and found[-1].content is not None:
        found.append(FileVersion("", found[-1].at, "", "", None))
    return found


def _objects(told: bytes, count: int) -> Iterator[bytes | None]:
    """The objects that `git cat-file --batch` wrote."""
    at = 0
    for _ in range(count):
        end = told.index(b"\n", at)
        words = told[at:end].rsplit(b" ", 2)
        at = end + 1
        if words[-1] == b"missing" or len(words) < 3 or not words[-1].isdigit():
            yield None
            continue
        size = int(words[-1])
        yield told[at : at + size]
        at += size + 1


def _change_and_commit(
    tree: Path, path: Path, before: bytes | None, payload: bytes, editor: Editor
) -> None:
    if _is_under_way(tree):
        raise StorageError(
            f"{tree}: somebody is in the middle of a merge or rebase of git there; nothing was "
            "changed. Save again when it is finished."
        )
    if before is not None and _git(tree, "status", "--porcelain", "--", str(path)).strip():
        _commit(tree, path, _as_found(path))  # so that the way back from this change loses nothing
    put(path, payload)
    try:
        _commit(tree, path, editor)
    except StorageError:
        if before is None:
            with suppress(OSError):
                path.unlink()
        else:
            put(path, before)
        _run(tree, "reset", "--quiet", "--", str(path))
        raise


def _change_and_keep(path: Path, before: bytes | None, payload: bytes, editor: Editor) -> None:
    if before is not None:
        last = next(iter(_kept(path, 1)), None)
        if last is None or last.content != before:
            _log(path, _keep(path, before), _as_found(path))
    name = _keep(path, payload)
    put(path, payload)
    _log(path, name, editor, is_new=before is None)


def _as_found(path: Path) -> Editor:
    return Editor(NOBODY, f"{path.name} as it was found, changed by hand")


def _keep(path: Path, content: bytes) -> str:
    """The name under which a text of a file is kept."""
    name = f"{path.stem}-{now():%Y%m%dT%H%M%S%f}{path.suffix}"
    put(path.parent / KEPT / name, content)
    return name


def _log(path: Path, name: str, editor: Editor, is_new: bool = False) -> None:
    """Note who left the text that is kept under a name."""
    row = {
        "file": path.name, "kept": name, "at": now().isoformat(), "who": _person(editor)[0],
        "why": plain_line(editor.why)[:MOST_WHY], **({"new": True} if is_new else {}),
    }  # fmt: skip
    log = path.parent / KEPT / LOG
    try:
        with open(log, "a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    except OSError as error:
        raise StorageError(f"{log}: cannot be written ({error.strerror}).") from None


def _kept(path: Path, most: int) -> list[FileVersion]:
    folder = path.parent / KEPT
    lines = (content_of(folder / LOG) or b"").decode("utf-8", "replace").splitlines()
    rows = [row for row in map(_row, lines) if row.get("file") == path.name]
    found = [
        FileVersion(
            row["kept"], datetime.fromisoformat(row["at"]), row["who"], row["why"],
            content_of(folder / row["kept"]),
        )
        for row in rows[-most:]
    ]  # fmt: skip
    if len(rows) < most and rows and "new" in rows[0]:
        found.insert(0, FileVersion("", found[0].at, "", "", None))
    return found[::-1]


def _row(line: str) -> Mapping[str, Any]:
    """A line of the log; nothing if it was cut short."""
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}


def _git(
    tree: Path, *arguments: str, env: Mapping[str, str] | None = None, said: bytes = b""
) -> bytes:
    """What git answers; a StorageError in words if it refuses."""
    for attempt in range(GIT_TRIES):
        done = _run(tree, *arguments, env=env, said=said)
        if done is not None and not done.returncode:
            return done.stdout
        if done is None or b"index.lock" not in done.stderr:
            break
        time.sleep(LOOK_S * (attempt + 1))  # another git is at work there
    told = done.stderr.decode("utf-8", "replace").strip() if done else "no answer in time"
    if "index.lock" in told:
        raise StorageError(
            f"{tree}: another git is at work there, or was cut off; nothing was changed. If none "
            "is, remove index.lock in the folder .git."
        )
    raise StorageError(
        f"{tree}: git did not take the change ({quoted(told)}); nothing was changed."
    )


def _run(
    folder: Path, *arguments: str, env: Mapping[str, str] | None = None, said: bytes = b""
) -> subprocess.CompletedProcess[bytes] | None:
    """One command of git in a folder, which asks nothing and runs nothing of others; None if there
    is no git, or it takes too long."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    ours |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", **(env or {})}
    command: Sequence[str] = ("git", *_QUIET, *arguments)
    try:
        return subprocess.run(
            command, cwd=folder, env=ours, input=said, capture_output=True, timeout=GIT_S,
            check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
