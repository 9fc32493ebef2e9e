"""What Prometheus and Grafana are told, and the rules and the board that come with the project."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from conftest import PROJECT, Cli, run_with_fred, settings_of
from prometheus_client.parser import text_string_to_metric_families
from serving import client

from dashboard.http.metrics import FOLDER_VARIABLE, TRADED
from dashboard.server import create_server
from etl.catalog import SOURCE_PARAMS, Catalog
from etl.errors import StorageError
from etl.ingest.run import Request
from etl.ingest.watch import beat, heartbeat, run_facts
from etl.settings import Settings

RULES = PROJECT / "deploy" / "prometheus"
BOARD = json.loads((PROJECT / "deploy" / "grafana" / "board.json").read_text(encoding="utf-8"))
GOOD = "2026-05-26,7519.12\n"
needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is missing: Debian's package prometheus"
)

Sample = tuple[str, frozenset[tuple[str, str]]]


def samples(text: str) -> dict[Sample, float]:
    """Every sample of a text, read by the parser of Prometheus's library; each has a help."""
    found: dict[Sample, float] = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation, family.name
        assert family.type in ("counter", "gauge", "histogram"), family.name
        for one in family.samples:
            key = (one.name, frozenset(one.labels.items()))
            assert key not in found, key
            found[key] = one.value
    return found


def value(found: Mapping[Sample, float], name: str, **labels: str) -> float:
    return found[f"xinzhi_{name}", frozenset(labels.items())]


def asked(site: httpx.Client) -> dict[Sample, float]:
    return samples(site.get("/metrics").text)


def written(cli: Cli, *options: str) -> dict[Sample, float]:
    done = cli("metrics", *options)
    assert done.status == 0, done.err
    return samples(done.out)


def names(found: Mapping[Sample, float]) -> set[str]:
    return {name for name, _ in found}


# What a reader tells


def test_the_cache_tells_what_was_there_and_what_had_to_be_made(own_site: httpx.Client) -> None:
    before = asked(own_site)
    for path in ("/c/sp500.csv", "/c/sp500.csv", "/c/vix.csv", "/c/sp500.csv?utm_source=x"):
        assert own_site.get(path).status_code == 200
    after = asked(own_site)

    def more(name: str) -> float:
        return value(after, name, cache="answers") - value(before, name, cache="answers")

    assert (more("cache_misses_total"), more("cache_hits_total")) == (2, 2)
    assert more("cache_entries") == 2
    assert value(after, "cache_bytes") > value(before, "cache_bytes")
    kinds = {dict(labels)["cache"] for name, labels in after if name == "xinzhi_cache_entries"}
    assert {"answers", "reading", "series", "runs"} <= kinds


def test_the_counts_of_a_cache_go_on_where_a_new_snapshot_begins(
    own_site: httpx.Client, filled: Path, catalog: Catalog
) -> None:
    own_site.get("/")
    before = asked(own_site)
    run_with_fred(settings_of(filled), catalog, Request(("sp500",), "fred"), GOOD)
    own_site.get("/")
    after = asked(own_site)
    assert names(before) <= names(after)
    for key in before:
        if key[0] in ("xinzhi_cache_hits_total", "xinzhi_cache_misses_total"):
            assert after[key] >= before[key]


def test_limits_tell_what_is_made_what_waits_and_who_was_sent_away(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.server.PICTURES", (1, 0.1))
    site, begun, go = client(published), threading.Event(), threading.Event()
    pictures = site.app.service.pictures

    def draw() -> bool:
        begun.set()
        return go.wait(60)

    try:
        works = [pictures.begin(draw) for _ in range(3)]
        assert begun.wait(60)
        assert site.get("/c/sp500.png").status_code == 429
        found = asked(site)
    finally:
        go.set()
    assert value(found, "work_running", limit="pictures") == 1
    assert value(found, "work_queued", limit="pictures") == 2
    assert value(found, "work_places", limit="pictures") == 1
    assert value(found, "work_refused_total", limit="pictures") == 1
    assert value(found, "work_refused_total", limit="pages") == 0
    for work in works:
        assert work.done.result(60)
    # One who has its answer may be a moment ahead of the count.
    until = time.monotonic() + 60
    while pictures.running + pictures.queued and time.monotonic() < until:
        time.sleep(0.01)
    assert (pictures.running, pictures.queued) == (0, 0)


def test_the_snapshot_tells_its_form_and_the_last_run(
    site: httpx.Client, published: Settings
) -> None:
    found = asked(site)
    assert value(found, "snapshot_format") >= 13
    assert value(found, "snapshot_run_values", kind="new") > 1000
    assert value(found, "snapshot_run_duration_seconds") > 0
    ended = value(found, "snapshot_run_ended_timestamp_seconds")
    assert abs(ended - datetime.now(UTC).timestamp()) < 86_400
    assert value(found, "store_away") == value(found, "store_away_seconds") == 0
    assert value(found, "receipts_waiting") == value(found, "receipts_failing") == 0


def test_a_store_that_is_away_is_told_with_its_seconds(published: Settings) -> None:
    server = create_server(published)
    server.snapshots.refresh()
    server.snapshots.away_since = datetime.now(UTC) - timedelta(minutes=7)
    found = samples(server.service.metrics.text().decode())
    assert value(found, "store_away") == 1
    assert 420 <= value(found, "store_away_seconds") < 500
    assert value(found, "ready") == 1


def test_whether_there_is_trading_is_told_once_somebody_has_looked(published: Settings) -> None:
    server = create_server(published)
    assert "xinzhi_trading_day" not in names(samples(server.service.metrics.text().decode()))
    server.service.metrics.look_at_the_day()
    found = samples(server.service.metrics.text().decode())
    assert {value(found, "trading_day", market=one) for one in TRADED} <= {0, 1}


def test_sources_tell_whether_they_are_well(filled: Path, catalog: Catalog) -> None:
    settings = settings_of(filled)
    run_with_fred(settings, catalog, Request(("sp500",), "fred"), "nonsense\n")
    found = asked(client(settings))
    assert value(found, "source_healthy", source="fred") == 0
    assert value(found, "source_asked", source="fred") == 1
    assert value(found, "source_failures", source="fred") == 1
    run_with_fred(settings, catalog, Request(("sp500",), "fred"), GOOD)
    found = asked(client(settings))
    assert value(found, "source_healthy", source="fred") == 1
    assert value(found, "source_failures", source="fred") == 1


def test_no_label_holds_a_word_of_a_reader(own_site: httpx.Client) -> None:
    word = "zzreader"
    for path in (f"/{word}", f"/c/{word}.csv", f"/c/sp500?title={word}", f"/assets/{word}.js",
                 f"/verify/{word}", f"/bulletins/{word}", f"/s/{word}"):  # fmt: skip
        own_site.get(path, headers={"X-Request-Id": word, "User-Agent": word})
    own_site.request(word.upper(), "/")
    assert word not in own_site.get("/metrics").text.lower()


def test_a_dead_worker_counts_no_more(
    published: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its counters stay, its gauges go."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    for kind in ("gauge_livesum", "counter"):
        (tmp_path / f"{kind}_{gone.pid}.db").write_bytes(b"")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    create_server(published)
    assert not (tmp_path / f"gauge_livesum_{gone.pid}.db").exists()
    assert (tmp_path / f"counter_{gone.pid}.db").exists()


# What a writer tells


def test_before_the_first_run_nothing_is_claimed(filled: Path, cli: Cli) -> None:
    assert names(written(cli)) == {"xinzhi_written_timestamp_seconds"}


def test_a_run_is_told_with_what_each_source_did(filled: Path, catalog: Catalog, cli: Cli) -> None:
    settings = settings_of(filled)
    run_with_fred(settings, catalog, Request(("sp500",), "fred"), GOOD)
    found = written(cli)
    now = datetime.now(UTC).timestamp()
    assert now - 600 < value(found, "run_last_success_timestamp_seconds") <= now
    assert value(found, "run_ended_timestamp_seconds") <= now
    assert value(found, "run_duration_seconds") > 0
    assert value(found, "run_stopped") == 0
    assert value(found, "run_source_asked_indicators", source="fred") == 1
    assert value(found, "run_source_failures", source="fred") == 0
    stored = sum(value(found, "run_values", kind=kind) for kind in ("new", "revised"))
    assert value(found, "run_updated_indicators") == (stored > 0)
    sources = {dict(labels)["source"] for _, labels in found if "source" in dict(labels)}
    assert sources <= SOURCE_PARAMS.keys()


def test_a_run_without_a_good_answer_is_no_success_and_keeps_the_last_one(
    filled: Path, catalog: Catalog, cli: Cli
) -> None:
    settings = settings_of(filled)
    run_with_fred(settings, catalog, Request(("sp500",), "fred"), GOOD)
    good = written(cli)
    run_with_fred(settings, catalog, Request(("sp500",), "fred"), "nonsense\n")
    bad = written(cli)
    assert value(bad, "run_source_failures", source="fred") == 1
    name = "run_last_success_timestamp_seconds"
    assert value(bad, name) == value(good, name)
    assert value(bad, "run_ended_timestamp_seconds") > value(good, "run_ended_timestamp_seconds")


def test_a_run_that_is_stopped_by_an_error_says_so_until_the_next(
    filled: Path, catalog: Catalog, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(filled)

    def full(*given: object, **named: object) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("etl.ingest.run.publish_to_all", full)
        with pytest.raises(StorageError):
            run_with_fred(settings, catalog, Request(("sp500",), "fred"), GOOD)
    found = written(cli)
    assert value(found, "run_stopped") == 1
    assert ("xinzhi_run_last_success_timestamp_seconds", frozenset()) not in found
    run_with_fred(settings, catalog, Request(("sp500",), "fred"), GOOD)
    assert value(written(cli), "run_stopped") == 0


def test_an_import_or_a_run_without_network_says_nothing_of_the_sources(
    filled: Path, catalog: Catalog, cli: Cli
) -> None:
    assert cli("run", "--offline", "policy_documents_monthly").status == 0
    assert names(written(cli)) == {"xinzhi_written_timestamp_seconds"}


def test_facts_that_cannot_be_read_are_named_and_written_anew(
    filled: Path, catalog: Catalog, cli: Cli, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_of(filled)
    file = settings.state / "runs.json"
    file.parent.mkdir(exist_ok=True)
    for broken in ("{", "[]", '{"load": "x"}', "\x00"):
        file.write_text(broken)
        done = cli("metrics")
        assert done.status == 2
        assert f"{file}: cannot be read" in done.err
    run_with_fred(settings, catalog, Request(("sp500",), "fred"), GOOD)
    assert "cannot be read" in caplog.text
    assert run_facts(settings).sources["fred"].asked == 1


def test_facts_that_cannot_be_written_fail_no_run(
    filled: Path, catalog: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_of(filled)
    (settings.state / "runs.json").mkdir(parents=True)
    report = run_with_fred(settings, catalog, Request(("sp500",), "fred"), GOOD)
    assert report.exit_status == 0
    assert "runs.json: cannot be" in caplog.text
    assert [path.name for path in settings.state.iterdir() if path.name.startswith(".runs")] == []


def test_the_schedule_tells_that_it_lives_and_whether_it_leads(filled: Path, cli: Cli) -> None:
    settings = settings_of(filled)
    assert heartbeat(settings) is None
    for leads in (True, False):
        beat(settings, leads=leads)
        found = written(cli)
        assert value(found, "schedule_leader") == leads
        seen = value(found, "schedule_seen_timestamp_seconds")
        assert abs(datetime.now(UTC).timestamp() - seen) < 60


def test_the_file_for_node_exporter_is_whole_or_as_it_was(
    filled: Path, cli: Cli, tmp_path: Path
) -> None:
    file = tmp_path / "text" / "xinzhi.prom"
    done = cli("metrics", "--to", file)
    assert (done.status, "cannot be written" in done.err) == (2, True)
    file.parent.mkdir()
    assert cli("metrics", "--to", file).status == 0
    assert "xinzhi_written_timestamp_seconds" in names(samples(file.read_text()))
    assert file.stat().st_mode & 0o044, "node_exporter runs as somebody else"
    assert [path.name for path in file.parent.iterdir()] == ["xinzhi.prom"]
    done = cli("metrics", "--to", tmp_path / "xinzhi.txt")
    assert (done.status, ".prom" in done.err) == (2, True)


# The rules


def promtool(*words: str, cwd: Path = RULES) -> str:
    done = subprocess.run(
        ["promtool", *words], cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@needs_promtool
def test_prometheus_takes_its_settings_and_the_rules() -> None:
    assert "SUCCESS" in promtool("check", "config", "prometheus.yml")


@needs_promtool
def test_each_rule_fires_where_it_should_and_nowhere_else() -> None:
    assert "SUCCESS" in promtool("test", "rules", "rules_test.yml")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((RULES / "rules.yml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_each_rule_has_a_test_in_which_it_fires_and_words_in_both_languages() -> None:
    tests = yaml.safe_load((RULES / "rules_test.yml").read_text(encoding="utf-8"))["tests"]
    fired = {
        re.findall('alertname="(.+?)"', one["labels"])[0]
        for test in tests
        for expected in test["promql_expr_test"]
        for one in expected.get("exp_samples", ())
    }
    assert fired == {rule["alert"] for rule in rules()}
    for rule in rules():
        summary = rule["annotations"]["summary"]
        assert re.search("[一-龥].* / [a-z]", summary), summary
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["description"]


# The board

#: Words of PromQL that stand where a metric may.
WORDS = {"and", "or", "unless", "by", "on", "bool", "ignoring", "without", "offset"}


def metrics_in(expression: str) -> set[str]:
    """The metrics that an expression names."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", bare)
    bare = re.sub(r"\b(?:by|on|without|ignoring)\s*\([^)]*\)", "", bare)
    found = re.findall(r"(?<![\w.])([a-zA-Z_:][\w:]*)\b(?!\s*\()", bare)
    return {name for name in found if name not in WORDS}


def panels() -> list[dict[str, Any]]:
    return [panel for panel in BOARD["panels"] if panel["type"] != "row"]


def expressions() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def test_metrics_are_found_in_expressions() -> None:
    expression = 'sum by (a) (rate(x_total{b="c and d"}[5m])) / on () max(y) > bool 3 unless z'
    assert metrics_in(expression) == {"x_total", "y", "z"}


def test_every_metric_of_the_board_and_of_the_rules_is_told_by_a_reader_or_a_writer(
    filled: Path, catalog: Catalog, cli: Cli
) -> None:
    settings = settings_of(filled)
    run_with_fred(settings, catalog, Request(("sp500",), "fred"), GOOD)
    beat(settings, leads=True)
    site = client(settings)
    site.app.service.metrics.look_at_the_day()
    site.get("/")
    told = names(asked(site)) | names(written(cli)) | {"up"}
    used = set().union(*map(metrics_in, [*expressions(), *(rule["expr"] for rule in rules())]))
    seldom = {"xinzhi_source_lag_seconds"}  # once values have been seen to come
    assert len(used) > 30
    assert used - told <= seldom


def test_the_board_is_one_that_grafana_takes() -> None:
    assert BOARD["schemaVersion"] >= 36
    assert BOARD["title"]
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        assert re.search("[一-龥]", panel["title"]), panel["title"]
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                 for y in range(at["y"], at["y"] + at["h"])}  # fmt: skip
        assert not cells & taken, panel["title"]
        taken |= cells
    for panel in panels():
        assert " · " in panel["title"]
        assert panel["type"] in ("stat", "timeseries", "bargauge")
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["unit"]
        steps = defaults["thresholds"]["steps"]
        assert steps[0]["value"] is None
        assert sorted(one["value"] for one in steps[1:]) == [one["value"] for one in steps[1:]]
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references) > 0


def test_the_board_names_no_data_source_of_ours() -> None:
    sources = re.findall(r'"uid": "([^"]*)"', json.dumps(BOARD))
    assert set(sources) == {"xinzhi", "${datasource}"}
    (chosen,) = [one for one in BOARD["templating"]["list"] if one["type"] == "datasource"]
    assert (chosen["name"], chosen["query"]) == ("datasource", "prometheus")
    held = set(re.findall(r"\$\{?(\w+)", json.dumps(BOARD)))
    assert held <= {one["name"] for one in BOARD["templating"]["list"]} | {
        "__rate_interval",
        "__all",
    }


@needs_promtool
def test_prometheus_understands_every_expression_of_the_board(tmp_path: Path) -> None:
    filled_in = [
        expression.replace("$__rate_interval", "5m").replace("$instance", ".*")
        for expression in expressions()
    ]
    recorded = [{"record": f"panel:{n}", "expr": one} for n, one in enumerate(filled_in)]
    file = tmp_path / "board.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "board", "rules": recorded}]}))
    assert f"{len(recorded)} rules found" in promtool("check", "rules", str(file), cwd=tmp_path)
