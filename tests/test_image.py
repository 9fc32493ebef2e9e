"""The image as deploy/Dockerfile makes it, built here without a registry and run without an engine
for containers: its process in namespaces of its own, under a root that cannot be written, and as
user 10001.

Building takes minutes, so that it is done only where XINZHI_TEST_IMAGE=1 asks for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml
from conftest import PROJECT
from serving import free_port

pytestmark = pytest.mark.slow
TAG = "localhost/xinzhi-test"
#: What an image may weigh, its layers unpacked.
MOST_BYTES = 450_000_000
TOOLS = ("buildah", "mmdebstrap", "unshare", "setpriv")
#: Does in namespaces what `docker run --read-only --tmpfs /tmp --cap-drop ALL` does.
CONTAINED = r"""
mount --bind "$ROOT" "$ROOT"
mount -o remount,bind,ro "$ROOT"
mount -t proc proc "$ROOT/proc"
mount -t tmpfs -o mode=1777,size=64m tmpfs "$ROOT/tmp"
mount -t tmpfs -o mode=755,size=1m tmpfs "$ROOT/dev"
for one in null zero random urandom; do
  : > "$ROOT/dev/$one"
  mount --bind "/dev/$one" "$ROOT/dev/$one"
done
mkdir "$ROOT/dev/shm"
mount -t tmpfs -o mode=1777,size=64m tmpfs "$ROOT/dev/shm"
mount --bind "$DATA" "$ROOT/data"
exec setpriv --no-new-privs chroot --userspec=10001:10001 "$ROOT" /usr/bin/env -i "$@"
"""


@dataclass(frozen=True)
class Image:
    """A built image, unpacked at `root`, and what it says of itself."""

    root: Path
    bytes: int
    environment: tuple[str, ...]
    entry: tuple[str, ...]
    health: tuple[str, ...]

    def command(self, words: Sequence[str], settings: Sequence[str] = ()) -> list[str]:
        """The command line that runs some words in a container over `data`."""
        return [
            "unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private",
            "sh", "-euc", CONTAINED, "sh", *self.environment, *settings,
            "sh", "-c", 'cd /srv/xinzhi && exec "$@"', "sh", *words,
        ]  # fmt: skip

    def run(self, data: Path, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(words), env=self.around(data), capture_output=True, text=True, timeout=300
        )

    def etl(self, data: Path, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run(data, *self.entry, "etl", *words)

    def around(self, data: Path) -> dict[str, str]:
        return {**os.environ, "ROOT": str(self.root), "DATA": str(data)}


def _out(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """The image, built of this checkout."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    if os.environ.get("XINZHI_TEST_IMAGE") != "1":
        pytest.skip("building the image takes minutes: ask for it with XINZHI_TEST_IMAGE=1")
    missing = [tool for tool in TOOLS if shutil.which(tool, path=path) is None]
    if missing or os.geteuid() != 0:
        pytest.skip(f"the image is built as root, and with {', '.join(TOOLS)}; here is no "
                    f"{', '.join(missing) or 'root'}")  # fmt: skip
    subprocess.run(
        ["sh", "deploy/image.sh", "requirements-image.lock", TAG], cwd=PROJECT, check=True
    )
    said = yaml.safe_load(_out("buildah", "inspect", "--type", "image", TAG))["Docker"]
    name = _out("buildah", "from", TAG)
    try:
        root = Path(_out("buildah", "mount", name))
        yield Image(
            root, _bytes_below(root), tuple(said["config"]["Env"]),
            tuple(said["config"]["Entrypoint"]), tuple(said["config"]["Healthcheck"]["Test"]),
        )  # fmt: skip
    finally:
        _out("buildah", "rm", name)


def _bytes_below(root: Path) -> int:
    sizes = {}
    for folder, _, files in os.walk(root):
        for file in files:
            told = os.lstat(os.path.join(folder, file))
            sizes[told.st_ino] = told.st_size
    return sum(sizes.values())


@pytest.fixture(scope="module")
def data(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder /data of a container in which one run without a network was done."""
    folder = tmp_path_factory.mktemp("image") / "data"
    folder.mkdir()
    for one in (folder, *folder.parents[:2]):
        one.chmod(0o755)
    os.chown(folder, 10001, 10001)
    ran = image.etl(folder, "run", "--offline")
    assert ran.returncode == 0, ran.stderr[-2000:]
    return folder


def test_the_image_weighs_no_more_than_it_may(image: Image) -> None:
    assert image.bytes < MOST_BYTES, f"{image.bytes:,} bytes"


def test_no_tool_that_builds_or_installs_is_in_the_image(image: Image) -> None:
    found = {path.name for folder in ("bin", "sbin", "local/bin")
             for path in (image.root / "usr" / folder).iterdir()}  # fmt: skip
    tools = {"apt", "apt-get", "dpkg", "pip", "pip3", "gcc", "cc", "make", "ld", "git", "perl",
             "curl", "wget", "su", "sudo", "mount", "openssl", "chromium"}  # fmt: skip
    assert not found & tools
    packages = {path.name for path in (image.root / "opt" / "packages").iterdir()}
    assert not packages & {"pip", "setuptools", "pytest", "mypy", "playwright", "moto"}
    assert not list((image.root / "srv").rglob("test_*"))


def test_no_module_is_there_twice_and_none_is_compiled_for_whom_cannot_keep_it(
    image: Image,
) -> None:
    packages = image.root / "opt" / "packages"
    assert not list(packages.rglob("__pycache__"))
    assert [one for one in packages.rglob("*.py") if one.with_suffix(".pyc").exists()] == []


def test_nobody_in_the_image_becomes_anybody_else(image: Image, data: Path) -> None:
    done = image.run(
        data, "sh", "-c",
        "id -u; find / -xdev -perm /6000 -type f 2>/dev/null; "
        "grep -E 'CapEff|NoNewPrivs' /proc/self/status",
    )  # fmt: skip
    assert done.stdout.split() == ["10001", "CapEff:", "0" * 16, "NoNewPrivs:", "1"]


def test_a_run_writes_its_folder_and_nothing_else_can_be_written(image: Image, data: Path) -> None:
    assert (data / "published" / "current.json").exists()
    assert (data / "warehouse.duckdb").stat().st_uid == 10001
    places = ["/x", "/etc/x", "/opt/packages/x", "/srv/xinzhi/x", "/srv/xinzhi/data/x", "/usr/x",
              "/var/x", "/run/x", "/opt/x"]  # fmt: skip
    tried = image.run(data, "sh", "-c", "for one; do touch $one && echo $one; done", "sh", *places)
    assert tried.stdout == ""
    assert image.run(data, "touch", "/tmp/x", "/data/x").returncode == 0


def test_commands_of_the_image_are_those_of_the_program(image: Image, data: Path) -> None:
    checked = image.etl(data, "check")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "all is well" in checked.stdout
    assert "sp500" in image.etl(data, "status").stdout


def test_every_source_and_reader_of_files_can_be_loaded(image: Image, data: Path) -> None:
    """What is imported only where it is needed misses nothing of what was left out."""
    names = ("curl_cffi.requests", "docx", "exchange_calendars", "obstore", "openpyxl", "opencc",
             "psycopg", "pypdf", "pypinyin", "python_calamine", "yfinance")  # fmt: skip
    done = image.run(data, "python3", "-c", f"import {', '.join(names)}; print('loaded')")
    assert done.stdout == "loaded\n", done.stderr[-1500:]


def test_a_picture_has_its_chinese_letters(image: Image, data: Path) -> None:
    """The same address drawn here, where the tests of pictures look at them."""
    address = "sp500?title=新质生产力与算力&size=square"
    done = image.run(data, *image.entry, "dashboard", "image", address, "-o", "/data/there.png")
    assert done.returncode == 0, done.stderr[-1500:]
    environment = {**os.environ, "XINZHI_DATA": str(data)}
    subprocess.run(
        [str(PROJECT / ".venv" / "bin" / "python"), "-m", "dashboard", "image", address, "-o",
         str(data / "here.png")],
        cwd=PROJECT, env=environment, check=True, capture_output=True,
    )  # fmt: skip
    assert (data / "there.png").read_bytes() == (data / "here.png").read_bytes()


@contextmanager
def served(image: Image, data: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The image as `docker run` starts it, but at another port of loopback."""
    port = free_port()
    words = (*image.entry, "dashboard", "--port", str(port))
    process = subprocess.Popen(
        image.command(words, ["XINZHI_DRAIN=3"]), env=image.around(data),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    base = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 120
        while True:
            assert process.poll() is None, process.returncode
            assert time.monotonic() < until, "not ready in two minutes"
            try:
                if httpx.get(f"{base}/readyz", trust_env=False).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.3)
        yield base, process
    finally:
        process.kill()
        process.wait()


def test_pages_answer_the_health_check_passes_and_the_end_is_told(image: Image, data: Path) -> None:
    with served(image, data) as (base, process):
        page = httpx.get(f"{base}/", trust_env=False, timeout=60)
        assert page.status_code == 200
        assert "新质生产力" in page.text
        parts = [part.split('"')[0] for part in page.text.replace('href="', 'src="').split('src="')]
        asked = [one for one in parts if one.startswith(("/assets/", "/_dash-"))]
        assert len(asked) > 10
        for path in (*asked, "/c/sp500", "/c/sp500.png", "/c/sp500.xlsx", "/indicators/sp500",
                     "/compare", "/status", "/metrics"):  # fmt: skip
            answer = httpx.get(base + path, trust_env=False, timeout=60)
            assert answer.status_code == 200, path

        assert image.health[0] == "CMD"
        port = base.rpartition(":")[2]
        check = [word.replace(":8050/", f":{port}/") for word in image.health[1:]]
        assert image.run(data, *check).returncode == 0
        wrong = [word.replace(":8050/", f":{free_port()}/") for word in image.health[1:]]
        assert image.run(data, *wrong).returncode != 0

        inside = _out("pgrep", "-f", f"^python3 -m dashboard --port {port}$")
        os.kill(int(inside.split()[0]), 15)
        while httpx.get(f"{base}/readyz", trust_env=False).status_code == 200:
            time.sleep(0.05)
        assert httpx.get(f"{base}/readyz", trust_env=False).status_code == 503
        assert httpx.get(f"{base}/c/sp500.csv", trust_env=False).status_code == 200
        process.wait(timeout=60)
