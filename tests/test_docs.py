"""Documents are promises too: what they say is tried here."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args

import pytest
from conftest import Cli
from serving import running
from starlette.testclient import TestClient

from dashboard.__main__ import main as dashboard_main
from dashboard.api.models import State
from dashboard.http.routes.assets import PLOTLY
from dashboard.server import create_server
from dashboard.texts import every_text, text
from desk.texts import every_text as desk_texts
from etl.__main__ import main as etl_main
from etl.bulletins.read import read_bulletin
from etl.catalog import SOURCE_PARAMS, Indicator
from etl.commands.console import MARKS
from etl.settings import HELP, PREFIX, Settings, load_settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
API_PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
MORNING = (ROOT / "docs" / "每天早上.md").read_text(encoding="utf-8")
CATALOG_PAGE = (ROOT / "docs" / "catalog.md").read_text(encoding="utf-8")
TEXT_SUFFIXES = {".py", ".md", ".yaml", ".toml", ".sh", ".css", ".js", ".lock", ".csv", ""}


def tracked_texts() -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    paths = [ROOT / name for name in names if name]
    return [
        p for p in paths if p.suffix in TEXT_SUFFIXES and "vendor" not in p.parts and p.exists()
    ]


def test_every_setting_is_documented_with_its_default() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `XINZHI_(\w+)` \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    assert {name: (default, what) for name, default, what in rows} == dict(HELP)


def test_no_setting_is_read_that_is_not_documented() -> None:
    read = ("settings.py", "sign_in.py")
    source = "".join((ROOT / "etl" / name).read_text(encoding="utf-8") for name in read)
    assert set(re.findall(r'value\("([A-Z0-9_]+)"\)', source)) == set(HELP)
    assert PREFIX == "XINZHI_"


def test_every_key_of_an_indicator_is_documented() -> None:
    documented = set(re.findall(r"`(\w+)`", CATALOG_PAGE))
    assert set(Indicator.model_fields) - {"id"} <= documented


def test_every_source_has_a_name_for_readers_in_both_languages() -> None:
    for name in SOURCE_PARAMS:
        assert all(text(f"source_{name}", lang) for lang in ("zh", "en"))


def test_every_source_is_documented_with_its_parameters() -> None:
    for name, params in SOURCE_PARAMS.items():
        row = next(line for line in CATALOG_PAGE.splitlines() if line.startswith(f"| `{name}` |"))
        assert all(f"`{param}`" in row for param in params)


def test_every_source_has_a_name_in_both_languages() -> None:
    for name in SOURCE_PARAMS:
        assert text(f"source_{name}", "zh")
        assert text(f"source_{name}", "en")


@pytest.mark.parametrize(
    "command",
    [
        "run",
        "check",
        "status",
        "alerts",
        "history",
        "rollback",
        "purge-keys",
        "backup",
        "restore",
        "import",
        "new-indicator",
        "replay",
        "schedule",
        "accept",
        "candidates",
        "claims",
        "brief",
    ],
)
def test_every_command_of_the_readme_exists(command: str, capsys: pytest.CaptureFixture) -> None:
    assert f"`{command}" in README
    with pytest.raises(SystemExit) as stopped:
        etl_main([command, "--help"])
    assert stopped.value.code == 0
    assert command in capsys.readouterr().out


def test_the_addresses_of_the_readme_answer(published: Settings) -> None:
    addresses = re.findall(r"http://127\.0\.0\.1:8050(/[^'`\s]+)'", README)
    assert len(addresses) >= 4
    with TestClient(create_server(published)) as client:
        for address in addresses:
            assert client.get(address).status_code == 200, address


def test_the_addresses_of_the_api_page_answer(published: Settings) -> None:
    addresses = re.findall(r"http://127\.0\.0\.1:8050(/[^'\"`\s]+)['\"]", API_PAGE)
    assert len(addresses) >= 15
    with TestClient(create_server(published)) as client:
        for address in addresses:
            assert client.get(address).status_code == 200, address


@pytest.mark.slow
@pytest.mark.parametrize("library", ["pandas", "duckdb"])
def test_the_notebooks_of_the_api_page_run(
    published: Settings, library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = re.findall(r"```python\n(.*?)```", API_PAGE, re.DOTALL)
    (code,) = [block for block in blocks if f"import {library}" in block]
    assert len([line for line in code.splitlines() if line]) == 3
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with running(published.data) as address:
        code = code.replace("http://127.0.0.1:8050", address)
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 3


def test_the_notebook_of_r_reads_an_address_that_answers(published: Settings) -> None:
    (code,) = re.findall(r"```r\n(.*?)```", API_PAGE, re.DOTALL)
    assert len(code.splitlines()) == 3
    (address,) = re.findall(r"http://127\.0\.0\.1:8050(/[^\"]+)", code)
    with TestClient(create_server(published)) as client:
        header = client.get(address).text.splitlines()[0].split(",")
    assert {"date", "value"} <= set(header)


def test_the_example_of_a_bulletin_can_be_read(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "bulletins.md").read_text(encoding="utf-8")
    example = page.split("```markdown\n")[1].split("```")[0]
    path = tmp_path / "2026-05-28.md"
    path.write_text(example, encoding="utf-8")
    bulletin = read_bulletin(path).bulletin
    assert (len(bulletin.sections), len(bulletin.references)) == (1, 1)


def test_the_example_of_a_brief_is_what_the_command_says(
    published: Settings, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / "brief.md").read_text(encoding="utf-8")
    command = page.split("This is what `python -m etl ")[1].split("`")[0]
    example = page.split("```text\n")[1].split("```")[0].strip()
    monkeypatch.setenv("XINZHI_DATA", str(published.data))
    assert example in cli(*command.split()).out.splitlines()


def test_the_commands_of_the_morning_work_in_their_order(
    filled: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = re.findall(r"```sh\n(.*?)```", MORNING, re.DOTALL)
    lines = [line for block in commands for line in block.splitlines()]
    programs = [shlex.split(line) for line in lines]
    assert all(words[:2] == ["python", "-m"] for words in programs)
    example = (ROOT / "docs" / "bulletins.md").read_text(encoding="utf-8")
    text = example.split("```markdown\n")[1].split("```")[0]
    (tmp_path / "今天.md").write_text(text, encoding="utf-8")
    shutil.rmtree(filled / "bulletins")
    shutil.copytree(ROOT / "data" / "bulletins", filled / "bulletins")
    assert cli("run", "--offline").status == 0
    monkeypatch.chdir(tmp_path)
    for _, _, program, *arguments in programs:
        if program == "etl":
            offline = ["--offline"] if arguments == ["run"] else []
            done = cli(*arguments, *offline)
            is_status = arguments == ["status"]  # without a network everything is out of date
            assert done.status == (1 if is_status else 0), (arguments, done.err)
        else:
            assert dashboard_main(arguments) == 0
    assert (tmp_path / "市值.png").read_bytes().startswith(b"\x89PNG")


def test_what_the_page_of_the_morning_quotes_is_what_people_see(published: Settings) -> None:
    trouble = MORNING.split("## 出了问题")[1].split("## 附")[0]
    quoted = re.findall(r"`([^`]+)`", "".join(re.findall(r"^\| (.+?) \|", trouble, re.MULTILINE)))
    assert len(quoted) >= 7
    texts = [ROOT / "etl/texts/sentences.yaml", ROOT / "desk/texts/zh.yaml"]
    files = [*(ROOT / "etl").rglob("*.py"), *texts]
    code = " ".join(" ".join(file.read_text(encoding="utf-8").split()) for file in files)
    assert [words for words in quoted if words not in code] == []
    for mark in MARKS.values():
        assert f"| {mark} |" in MORNING
    assert [name for name in get_args(State) if f"| `{name}` |" not in MORNING] == []
    with TestClient(create_server(published)) as client:
        page = client.get("/c/micron_market_cap_usd_bn@2026-05-27").text
        page += client.get("/bulletins/2026-05-27").text
    labels = re.findall(r"“([^”]+)”", MORNING.split("### 插图")[1].split("```")[0])
    assert len(labels) == 4
    assert [label for label in labels if label not in page] == []


def test_what_the_page_of_the_morning_says_to_press_stands_on_the_desk() -> None:
    words = {zh for _, zh, _ in (*desk_texts(), *every_text())}
    pressed = re.findall(r"[点按]“([^”]+)”", MORNING.split("## 附")[0])
    assert len(pressed) >= 15
    assert [label for label in pressed if label not in words] == []
    pictures = re.findall(r"\]\((pictures/[^)]+)\)", MORNING)
    assert [one for one in pictures if not (ROOT / "docs" / one).is_file()] == []


def test_the_example_of_a_correction_is_applied_and_listed(filled: Path, cli: Cli) -> None:
    page = (ROOT / "docs" / "corrections.md").read_text(encoding="utf-8")
    example = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0]
    (filled / "corrections.yaml").write_text(example, encoding="utf-8")
    assert cli("check").status == 0
    assert cli("run", "--offline", "brent_spot_usd_bbl").status == 0
    with TestClient(create_server(load_settings())) as client:
        (one,) = client.get("/api/v1/corrections").json()["corrections"]
    assert one["evidence"] in example


def test_every_target_of_the_makefile_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    promised = {"help", "install", "run", "etl", "test", "quick", "check", "bench", "lock"}
    assert promised <= set(re.findall(r"^(\w+):.*## ", makefile, re.MULTILINE))


def anchors_of(page: Path) -> set[str]:
    """The anchors that a Markdown page offers, as GitHub makes them from its headings."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_every_link_between_documents_leads_somewhere() -> None:
    pages = [path for path in tracked_texts() if path.suffix == ".md" and "tests" not in path.parts]
    assert len(pages) > 30
    broken = []
    for page in pages:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            place, _, anchor = target.partition("#")
            if re.match(r"https?:|/|mailto:|javascript:", target) or page.parts[-2] == "bulletins":
                continue
            path = (page.parent / place).resolve() if place else page
            if not path.exists() or (anchor and anchor not in anchors_of(path)):
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


def test_every_place_of_the_house_that_is_described_exists() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    places = re.findall(r"`((?:etl|dashboard)/[\w./]*)`", page)
    assert len(places) > 50
    assert [place for place in places if not (ROOT / place).exists()] == []
    rooms = {path.parent for path in (ROOT / "dashboard").glob("*/*.*")}
    assert [room.name for room in rooms if f"`dashboard/{room.name}/`" not in page
            and room.name != "__pycache__"] == []  # fmt: skip


def test_the_changelog_has_dated_versions_and_the_newest_is_that_of_the_project() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    heads = re.findall(r"^## (.+)$", changelog, re.MULTILINE)
    assert heads[0] == "Unreleased"
    versions = [re.fullmatch(r"(\d+\.\d+\.\d+) - (\d{4}-\d{2}-\d{2})", head) for head in heads[1:]]
    assert all(versions)
    assert versions[0] is not None
    assert versions[0][1] == project["version"]
    days = [found[2] for found in versions if found]
    assert days == sorted(days, reverse=True)
    kinds = set(re.findall(r"^### (.+)$", changelog, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_lock_is_hashed_and_names_no_host() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = re.findall(r"^[a-z0-9][\w.\-\[\]]*==", lock, re.MULTILINE)
    assert len(pinned) > 40
    assert lock.count("--hash=sha256:") >= len(pinned)
    assert "://" not in lock


def test_the_chart_library_is_the_version_that_plotly_carries() -> None:
    from plotly.offline import get_plotlyjs_version

    head = PLOTLY.read_text(encoding="utf-8")[:200]
    assert f"v{get_plotlyjs_version()}" in head
    assert PLOTLY.name == f"plotly-basic-{get_plotlyjs_version()}.min.js"


def test_no_file_names_a_machine_or_a_registry() -> None:
    # The patterns are put together here so that this file does not hold them itself.
    home = "|".join(("work", "root", "home", "Users"))
    registry = "|".join(("pypi", "files.pythonhosted", "registry.npmjs")) + r")\.(?:org|io"
    wrong = re.compile(rf"(?:^|[^\w.\-<])/(?:{home})/\w|(?:{registry})")
    found = [
        f"{path.relative_to(ROOT)}: {line[:80]}"
        for path in tracked_texts()
        for line in path.read_text(encoding="utf-8").splitlines()
        if wrong.search(line)
    ]
    assert not found


def test_plain_make_lists_the_targets() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "make run" in listed
    assert "make test" in listed


def test_what_people_wrote_is_in_order(cli: Cli) -> None:
    done = cli("check")
    assert done.status == 0, done.err


def test_several_machines_get_what_people_write_as_the_page_says(
    filled: Path, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    part = page.split("## On several machines")[1].split("\n## ")[0]
    commands = [
        block for block in re.findall(r"```sh\n(.*?)```", part, re.DOTALL) if "git" in block
    ]
    first, second, timer = (
        block.replace("git@git.example:xinzhi-data.git", str(tmp_path / "data.git"))
        for block in commands
    )
    bare = ["git", "init", "--quiet", "--bare", "--initial-branch=main", str(tmp_path / "data.git")]
    subprocess.run(bare, check=True)
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"):
        monkeypatch.setenv(name, "Editor")
    for name in ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "editor@example.org")
    shutil.copy(ROOT / "indicators.yaml", filled)
    for name in (".lock", "served.sqlite", "served.sqlite-wal"):
        (filled / name).write_text("of this machine", encoding="utf-8")

    def shell(lines: str, folder: Path) -> None:
        program = lines.replace("/srv/xinzhi-data", str(folder))
        program = program.replace("python -m", f"{sys.executable} -m")
        subprocess.run(["sh", "-e", "-c", program], cwd=ROOT, check=True, timeout=120)

    shell(first, filled)
    other = tmp_path / "other"
    shell(second, other)
    names = {path.name for path in other.iterdir()}
    assert {"figures", "indicators.yaml", "policies.csv"} <= names
    assert names.isdisjoint({".lock", "published", "served.sqlite", "warehouse.duckdb"})
    (filled / "policies.csv").open("a", encoding="utf-8").write("\n")
    subprocess.run(["git", "commit", "-qam", "One more"], cwd=filled, check=True)
    subprocess.run(["git", "push", "-q"], cwd=filled, check=True)
    shell(timer, other)
    assert (other / "policies.csv").read_bytes() == (filled / "policies.csv").read_bytes()
