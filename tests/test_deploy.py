"""The files of deploy/ as far as they can be held against the program without a container engine.
tests/test_image.py builds the image and runs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import PROJECT

from etl.__main__ import main as etl_main
from etl.settings import HELP, PREFIX

DEPLOY = PROJECT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, one in SERVICES.items() if one["image"].startswith("xinzhi:")]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
UNITS = sorted((DEPLOY / "systemd").iterdir())
#: What the Compose Specification knows, as far as it is used here.
TOP_KEYS = {"name", "services", "networks", "volumes"}
SERVICE_KEYS = {
    "build", "cap_drop", "command", "depends_on", "deploy", "environment", "healthcheck", "image",
    "logging", "networks", "ports", "read_only", "restart", "security_opt", "shm_size",
    "stop_grace_period", "tmpfs", "ulimits", "user", "volumes",
}  # fmt: skip
HEALTH_KEYS = {"test", "interval", "timeout", "retries", "start_period", "disable"}
#: `${NAME}`, `${NAME:-default}`, `${NAME:?what it is}`; `$$` is a dollar.
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?::[-?][^}]*)?\}")


def mounts(service: dict[str, Any]) -> list[str]:
    """What stands before the first colon of each volume of a service."""
    found = []
    for volume in service.get("volumes", []):
        found.append(re.split(r":(?=/)", volume)[0])
    return found


# The image


def test_the_image_writes_nothing_as_nobody_in_particular() -> None:
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert last.startswith("scratch\n")
    for line in ("USER 10001:10001", "VOLUME /data", "STOPSIGNAL SIGTERM", "EXPOSE 8050",
                 "PYTHONDONTWRITEBYTECODE=1", "XINZHI_DATA=/data"):  # fmt: skip
        assert line in last, line
    assert re.search(r'^ENTRYPOINT \["tini", "--", "python3", "-m"\]$', last, re.M)
    assert re.search(r'^CMD \["dashboard", "--host", "0.0.0.0"\]$', last, re.M)
    assert "http://127.0.0.1:8050/healthz" in last
    assert "RUN" not in last.split()


def test_the_health_check_of_the_image_is_a_program() -> None:
    (given,) = re.findall(r'CMD \["python3", "-c", "(.*)"\]$', DOCKERFILE, re.M)
    compile(given, "the health check", "exec")


def test_the_image_is_made_of_wheels_whose_hashes_are_checked() -> None:
    assert "--require-hashes" in DOCKERFILE
    assert "--only-binary :all:" in DOCKERFILE
    assert "--no-deps" in DOCKERFILE


def test_every_file_that_the_image_takes_is_there_and_let_in() -> None:
    let_in = [
        line[1:] for line in (PROJECT / ".dockerignore").read_text("utf-8").splitlines()
        if line.startswith("!")
    ]  # fmt: skip
    for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.M):
        for name in line.split()[:-1]:
            if name == "${LOCK}":
                name = "requirements-image.lock"
            assert (PROJECT / name).exists(), name
            assert any(one == name or one.startswith(f"{name}/") for one in let_in), name


def test_the_image_takes_every_authored_file_and_nothing_generated() -> None:
    """A file below data/ that git holds is in the image; no other is."""
    authored = subprocess.run(
        ["git", "ls-files", "data"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.split()
    let_in = (PROJECT / ".dockerignore").read_text("utf-8").splitlines()
    patterns = [line[1:] for line in let_in if line.startswith("!data")]
    for file in authored:
        assert any(Path(file).match(one) or file.startswith(f"{one}/") for one in patterns), (
            f"{file} is in no line of .dockerignore"
        )
    for generated in ("data/warehouse.duckdb", "data/raw/x", "data/published/x", "data/.lock"):
        assert not any(Path(generated).match(one) for one in patterns)


def test_the_lock_of_the_image_holds_what_the_environment_has_and_no_tool() -> None:
    def pins(name: str) -> dict[str, str]:
        text = (PROJECT / name).read_text("utf-8")
        found = re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)((?: ;[^\\]*)?)", text, re.M)
        return {package + marker.strip(): version for package, version, marker in found}

    for small, whole in (
        ("requirements-image.lock", "requirements.lock"),
        ("requirements-image-lake.lock", "requirements-lake.lock"),
    ):
        image, everything = pins(small), pins(whole)
        assert image.items() <= everything.items(), "run `make lock`"
        assert not {"pytest", "mypy", "ruff", "playwright", "uv", "moto"} & image.keys()


# Compose


def test_compose_says_only_what_compose_understands() -> None:
    assert {key for key in COMPOSE if not key.startswith("x-")} == TOP_KEYS
    for name, service in SERVICES.items():
        assert service.keys() <= SERVICE_KEYS, (name, service.keys() - SERVICE_KEYS)
        assert service["healthcheck"].keys() <= HEALTH_KEYS if "healthcheck" in service else True
        for volume in service.get("volumes", []):
            assert (
                re.fullmatch(r"[^:]+(:\?[^}]*\})?(/[^:]*)?:/[^:]*(:ro)?", volume) or "$" in volume
            )
        assert set(service["networks"]) <= COMPOSE["networks"].keys()


def test_every_service_can_write_only_where_it_is_told_and_has_a_bound() -> None:
    for name, service in SERVICES.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["restart"] == "unless-stopped", name
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}, name
        assert "privileged" not in service
        assert not any("docker.sock" in one for one in mounts(service))


def test_images_of_others_are_named_with_their_version() -> None:
    for name, service in SERVICES.items():
        if name not in OURS:
            assert re.search(r":v?\d", service["image"]), service["image"]


def test_who_waits_for_another_waits_for_one_that_can_be_asked() -> None:
    asked_by_image = {name for name in OURS if "healthcheck" not in SERVICES[name]}
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES, (name, other)
            assert how == {"condition": "service_healthy"}
            assert other in asked_by_image or "test" in SERVICES[other]["healthcheck"]


def test_everything_mounted_is_there_or_declared() -> None:
    named = set()
    for service in SERVICES.values():
        for source in mounts(service):
            if source.startswith("./"):
                assert (DEPLOY / source).exists(), source
            elif not source.startswith("$"):
                named.add(source)
    assert named == COMPOSE["volumes"].keys()


def test_no_two_containers_of_the_program_share_a_folder() -> None:
    folders = [source for name in OURS for source in mounts(SERVICES[name])]
    assert len(folders) == len(set(folders)) == len(OURS)


def test_every_setting_in_compose_is_one_of_the_program() -> None:
    for name in OURS:
        given = SERVICES[name]["environment"]
        assert {one.removeprefix(PREFIX) for one in given} <= HELP.keys(), name
        assert all(one.startswith(PREFIX) for one in given)


def test_every_variable_of_compose_is_in_the_example_and_the_other_way_round() -> None:
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    asked = set(VARIABLE.findall(text))
    lines = (DEPLOY / "example.env").read_text("utf-8").splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert example.keys() == asked
    assert not any(example.values()), "an example holds no values: somebody would keep them"
    assert "/deploy/.env" in (PROJECT / ".gitignore").read_text("utf-8").splitlines()


def test_the_settings_of_compose_are_accepted_by_the_program() -> None:
    from etl.settings import load_settings

    values = {
        "SITE_NAME": "example.org", "STORE_KEY_ID": "GK31c2f218a2e44f485b94239e",
        "STORE_SECRET": "4c1b" * 16, "POSTGRES_PASSWORD": "9f8e" * 12, "CONTACT": "a@example.org",
        "REGION": "auto",
    }  # fmt: skip
    for name in OURS:
        given = {
            key: VARIABLE.sub(lambda one: values.get(one[1], ""), value)
            for key, value in SERVICES[name]["environment"].items()
        }
        settings = load_settings(given)
        assert str(settings.snapshots) == "s3://xinzhi/snapshots"
        assert settings.state_dsn is not None
        assert (settings.lake is not None) == name.startswith("writer")
        assert values["POSTGRES_PASSWORD"] not in repr(settings)


def test_the_commands_of_compose_are_those_of_the_program(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in OURS:
        command = SERVICES[name].get("command")
        assert command in (None, ["etl", "schedule"])
    with pytest.raises(SystemExit) as ended:
        etl_main(["schedule", "--help"])
    assert ended.value.code == 0
    assert "schedule" in capsys.readouterr().out


def test_readers_are_given_the_time_that_their_end_takes() -> None:
    from dashboard.http.serve import GRACE_S

    for name in OURS:
        if name.startswith("reader"):
            drain = float(SERVICES[name]["environment"]["XINZHI_DRAIN"])
            assert drain > 5, "nginx or another looks every few seconds"
            assert drain + GRACE_S < float(SERVICES[name]["stop_grace_period"].rstrip("s"))


def test_nginx_in_compose_asks_the_readers_of_compose() -> None:
    """The command that changes nginx.conf, run on it."""
    script = SERVICES["front"]["command"][2].replace("$$", "$")
    change = script[: script.index("exec nginx")]
    change = change.replace("/etc/nginx/site.conf", str(DEPLOY / "nginx.conf"))
    made = subprocess.run(
        ["sh", "-euc", change.replace("> /tmp/nginx.conf", "")],
        env={**os.environ, "SITE_NAME": "indicators.test"},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    readers = [f"{name}:8050" for name in OURS if name.startswith("reader")]
    # Each in turn; nginx itself, which asks any of them when all have failed.
    wanted = [*readers, "127.0.0.1:8060", *readers]
    assert re.findall(r"^\s*server (\S+:\d+)", made, re.M) == wanted
    assert "example.org" not in made
    assert "/etc/ssl/indicators.test/" in made
    assert not re.search(r"^user ", made, re.M)


def test_the_store_of_compose_has_the_region_and_the_port_that_are_asked() -> None:
    import tomllib

    store = tomllib.loads((DEPLOY / "garage.toml").read_text("utf-8"))
    shared = SERVICES["reader1"]["environment"]
    assert shared["XINZHI_S3_REGION"] == store["s3_api"]["s3_region"]
    assert shared["XINZHI_S3_ENDPOINT"].endswith(
        store["s3_api"]["api_bind_addr"].rpartition(":")[2]
    )
    assert (
        f"s3://{SERVICES['store']['environment']['GARAGE_DEFAULT_BUCKET']}/"
        in (shared["XINZHI_SNAPSHOTS"])
    )


# systemd


def verified(folder: Path, *units: Path) -> str:
    """What systemd says of units whose project is this checkout; nothing where all is well."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (Debian: apt-get install systemd)")
    for unit in units:
        text = unit.read_text("utf-8").replace("/srv/xinzhi/.venv/bin/python", sys.executable)
        (folder / unit.name).write_text(text.replace("/srv/xinzhi", str(PROJECT)), "utf-8")
    for template in folder.glob("*@.service"):
        shutil.copy(template, folder / template.name.replace("@.", "@8051."))
    files = sorted(one for one in folder.iterdir() if "@." not in one.name)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, files)], capture_output=True, text=True
    )
    return done.stdout + done.stderr


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    assert verified(tmp_path, *UNITS) == ""


def test_systemd_would_find_what_is_wrong_with_a_unit(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    text = next(one for one in UNITS if one.name == "xinzhi-schedule.service").read_text("utf-8")
    (wrong / "xinzhi-wrong.service").write_text(text.replace("Type=exec", "Typo=exec"), "utf-8")
    (tmp_path / "found").mkdir()
    assert "Typo" in verified(tmp_path / "found", wrong / "xinzhi-wrong.service")


@pytest.mark.parametrize("unit", [one for one in UNITS if one.suffix == ".service"], ids=str)
def test_a_unit_may_write_only_its_own_folder(unit: Path) -> None:
    text = unit.read_text("utf-8")
    for line in ("User=xinzhi", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes",
                 "NoNewPrivileges=yes", "CapabilityBoundingSet=", "StateDirectory=xinzhi",
                 "EnvironmentFile=-/etc/xinzhi/env"):  # fmt: skip
        assert re.search(rf"^{re.escape(line)}$", text, re.M), line
    assert "ReadWritePaths" not in text
    assert "XINZHI_DATA=/var/lib/xinzhi" in text


def test_every_setting_in_the_units_is_one_of_the_program() -> None:
    for unit in UNITS:
        for name in re.findall(rf"\b{PREFIX}(\w+)=", unit.read_text("utf-8")):
            assert name in HELP, (unit.name, name)


# What people write, from git


@pytest.mark.slow
def test_what_people_write_is_fetched_checked_and_published_once(tmp_path: Path) -> None:
    """deploy/pull.sh, with a repository of its own."""

    def git(*words: str, folder: Path) -> None:
        identity = ["-c", "user.name=Editor", "-c", "user.email=editor@example.org"]
        subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)

    def pull() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(DEPLOY / "pull.sh")], cwd=PROJECT, capture_output=True, text=True,
            env={**os.environ, "XINZHI_DATA": str(data), "PYTHON": sys.executable},
        )  # fmt: skip

    origin, data = tmp_path / "origin", tmp_path / "data"
    shutil.copytree(PROJECT / "data" / "bulletins", origin / "bulletins")
    shutil.copy(PROJECT / "data" / "policies.csv", origin)
    git("init", "--quiet", "--initial-branch=main", folder=origin)
    git("add", ".", folder=origin)
    git("commit", "--quiet", "--message=Texts", folder=origin)
    subprocess.run(["git", "clone", "--quiet", str(origin), str(data)], check=True)

    first = pull()
    assert first.returncode == 0, first.stderr
    pointer = (data / "published" / "current.json").read_text("utf-8")
    again = pull()
    assert (again.returncode, again.stdout) == (0, "")
    assert (data / "published" / "current.json").read_text("utf-8") == pointer

    (origin / "bulletins" / "2026-05-28.md").write_text("no bulletin\n\x00", "utf-8")
    git("add", ".", folder=origin)
    git("commit", "--quiet", "--message=Broken", folder=origin)
    for _ in range(2):  # refused, and looked at again the next time
        broken = pull()
        assert broken.returncode != 0
        assert "2026-05-28" in broken.stdout + broken.stderr
    assert (data / "published" / "current.json").read_text("utf-8") == pointer
