"""python -m dashboard export: the bytes of an address, as a file."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from conftest import Finished, is_one_sentence
from serving import TestClient

from dashboard.__main__ import main
from dashboard.export.formats import DATA_FORMATS

Run = Callable[..., Finished]


@pytest.fixture
def run(filled: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """`python -m dashboard …` as a call, over the folder `filled`."""

    def call(*arguments: str | Path) -> Finished:
        capsys.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as stop:  # argparse
            status = int(str(stop.code))
        said = capsys.readouterr()
        return Finished(status, said.out, said.err)

    return call


@pytest.mark.parametrize("name", DATA_FORMATS)
def test_an_exported_file_is_the_file_of_the_address(
    run: Run, own_site: TestClient, tmp_path: Path, name: str
) -> None:
    target = tmp_path / f"out.{name}"
    options = ["--t", "max", "--u", "pct", "--shape", "wide", "--for", "excel", "--theme", "dark"]
    ids = ("sp500@2026-05-27", "vix", "micron_close_usd")
    done = run("export", *ids, "--format", name, *options, "-o", target)
    assert done.status == 0, done.err
    query = "with=vix,micron_close_usd&t=max&u=pct&shape=wide&for=excel&theme=dark"
    assert target.read_bytes() == own_site.get(f"/c/sp500@2026-05-27.{name}?{query}").content
    assert sha256(target.read_bytes()).hexdigest() in done.out
    assert own_site.get(f"/verify/{sha256(target.read_bytes()).hexdigest()}").status_code == 200


def test_csv_is_the_default(run: Run, own_site: TestClient, tmp_path: Path) -> None:
    assert run("export", "sp500", "-o", tmp_path / "new" / "a").status == 0
    assert (tmp_path / "new" / "a").read_bytes() == own_site.get("/c/sp500.csv").content


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sp50"], "Did you mean 'sp500'?"),
        (["sp500@2999-01-01"], "has not come yet"),
        (["sp500@1990-01-01"], "its history begins later"),
        (["sp500", "--t", "2y"], "t: '2y' is not a range"),
        (["sp500", "--u", "ma:1"], "u: 'ma:1' is not a transform"),
        (["sp500", "--u", "diff", "--scale", "log"], "Use scale=linear"),
        (["sp500", "sp500"], "each id may stand once"),
        (["sp500", "a", "b", "c", "d"], "at most 3"),
    ],
)
def test_what_an_address_refuses_is_refused_in_one_sentence(
    run, tmp_path, arguments, words
) -> None:
    target = tmp_path / "out.csv"
    done = run("export", *arguments, "-o", target)
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert words in done.err
    assert not target.exists()


def test_a_file_that_cannot_be_written_leaves_nothing_behind(run: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    done = run("export", "sp500", "-o", tmp_path / "folder")
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_an_unknown_format_and_a_missing_file_name_are_refused(run: Run, tmp_path: Path) -> None:
    assert "invalid choice" in run("export", "sp500", "--format", "pdf", "-o", "x").err
    assert run("export", "sp500").status == 2


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("sp500", "/c/sp500"),
        ("sp500@2026-05-27?u=yoy&t=max", "/c/sp500@2026-05-27?u=yoy&t=max"),
        ("/c/sp500?with=vix&theme=dark&size=square", "/c/sp500?with=vix&theme=dark&size=square"),
        ("https://elsewhere.example/c/sp500.png?scale=log,2", "/c/sp500?scale=log,2"),
        ("/embed/c/sp500?w=640&h=400&lang=en", "/c/sp500?w=640&h=400&lang=en"),
    ],
)
@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_an_image_is_the_picture_of_the_address(
    run: Run, own_site: TestClient, tmp_path: Path, given: str, address: str, suffix: str
) -> None:
    target = tmp_path / f"picture{suffix}"
    done = run("image", given, "-o", target)
    assert done.status == 0, done.err
    path, _, query = address.partition("?")
    assert target.read_bytes() == own_site.get(f"{path}{suffix}?{query}").content
    assert "标普" in done.out or "S&P" in done.out


def test_a_short_link_gives_its_frozen_picture(
    run: Run, own_site: TestClient, tmp_path: Path
) -> None:
    code = re.findall(r"/s/(\w+)", own_site.get("/c/sp500@2026-05-27?u=pct").text)[0]
    assert run("image", f"http://127.0.0.1:8050/s/{code}", "-o", tmp_path / "a.svg").status == 0
    wanted = own_site.get("/c/sp500@2026-05-27.svg?u=pct").content
    assert (tmp_path / "a.svg").read_bytes() == wanted


@pytest.mark.parametrize(
    ("address", "file", "word"),
    [
        ("sp5000", "a.png", "sp500"),
        ("sp500?t=2y", "a.png", "t:"),
        ("sp500?size=huge", "a.svg", "size"),
        ("sp500@2026-13-01", "a.svg", "asof"),
        ("wti_spot_usd_bbl?scale=log&u=diff", "a.svg", "log"),
        ("/s/0OIl", "a.svg", "code"),
        ("http://[::1", "a.svg", "address"),
        ("sp500", "a.gif", ".png or .svg"),
        ("sp500", "there/is/a.txt", ".png or .svg"),
    ],
)
def test_what_is_no_picture_is_said_in_a_sentence_and_nothing_is_written(
    run: Run, tmp_path: Path, address: str, file: str, word: str
) -> None:
    done = run("image", address, "-o", tmp_path / "new" / file)
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert word in done.err
    assert not (tmp_path / "new").exists()


def test_a_place_below_a_file_is_said_in_a_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    done = run("image", "sp500", "-o", tmp_path / "file" / "a.svg")
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert (tmp_path / "file").read_text() == "mine"
