"""Commands and errors in Chinese: every sentence of the program and every option."""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from conftest import PROJECT, Cli
from starlette.testclient import TestClient

from dashboard.__main__ import parser as dashboard_parser
from desk.__main__ import parser as desk_parser
from etl.__main__ import parser as etl_parser
from etl.command_line import CommandLine, language_of, speak_in
from etl.errors import FileProblem, SettingError, in_words
from etl.texts import in_chinese

#: Files whose English is no sentence of a command or an error: texts that stand beside their
#: Chinese, names of bodies, words for Prometheus and for the log, and the table of settings.
ELSEWHERE = (
    "etl/alerts/later.py", "etl/alerts/rules.py", "etl/brief/find.py", "etl/brief/overtaken.py",
    "etl/brief/words.py", "etl/commands/entries.py", "etl/commands/metrics.py", "etl/log.py",
    "etl/provinces.py", "etl/reliability.py", "etl/words/",
)  # fmt: skip
#: How our errors are made.
ERRORS = {
    "CatalogError", "CheckFailed", "FileProblem", "HeldBack", "HeldElsewhere", "Locked",
    "NoPeriod", "NotServed", "ObjectProblem", "Passing", "PostgresAway", "SettingError",
    "SourceUnavailable", "StorageError", "StoreAway", "UnexpectedPayload", "Unreadable",
    "UnreadableSnapshot", "YamlRefused", "Unfit",
    "AddressError", "LicenceError", "BusyError", "RefusedError",
}  # fmt: skip
OF_CELLS = {"Unfit", "NoPeriod"}
SAID = {"console.say", "console.fail", "say", "fail", "super().__init__"}
#: Sentences that are put together from parts, by a part that tells them: one as it is said.
COMPOSED = {
    "The newest is of": "no bulletin of 2026-05-27 is published; add it with `python -m etl "
    "bulletin`, then `python -m etl run`. The newest is of 2026-05-26.",
    "then `python -m etl run`.": "no bulletin of 2026-05-27 is published; add it with `python -m "
    "etl bulletin`, then `python -m etl run`.",
    "contradicted by the data, and": "2 statements are contradicted by the data, and nothing was "
    "stored; correct the text, or give --publish-anyway.",
    "The site shows the bulletin until": "/d/a.md: cannot be written (Permission denied). The site "
    "shows the bulletin until the next run.",
    "Did you mean '9001'": "Did you mean 'sp500' (nasdaq_composite says so in old_ids)?",
    "search_indicators finds ids.": "ids: there is no indicator 'sp5000'. Did you mean 'sp500'? "
    "search_indicators finds ids.",
    "was known then;": "asof: nothing of sp500 was known then; its history begins later.",
    "answers read again": "fred: 3 answers read again since 2026-05-01, older ones were dropped: "
    "7 rows before, now 9",
    "--known-at: 9001.": "--known-at: '2026-05-27T09:00' has no time zone; write for example "
    "2026-05-27T09:00+08:00.",
    "which is the value of": "sp500: is public and tells 7519.12, which is the value of sp500 "
    "(标普) for 2026-05-27, for the committee, and of nothing public. Write it with fewer digits "
    "or not at all, or write visibility: committee there too.",
    "which is shown;": "sp500: the correction of 2026-05-27 (fred) expected 1.0, and fred now "
    "gives 2.0, which is shown; it is mended there: remove the entry in corrections.yaml.",
    "9000 stands twice; keep one.": "sp500: the correction of 2026-05-27 (fred) stands twice; "
    "keep one.",
    "The hidden 9001": "The hidden rows 4, 5 … were read too.",
    "9000 is in '9002', not in '9004'.": "'usd' divided by 'shares' is in 'usd per share', not in "
    "'usd'.",
    "If it is true, widen": "a.csv, line 3: 第 3 行: sp500: 9.0 is below 10.0. If it is "
    "true, widen 'expect' of the indicator, or add the day to its facts.",
    "Bulletins from then on:": "sp500: fred rewrites its history: 3 of 9 values from "
    "2026-05-01 to 2026-05-27 would change, by up to 4.2 % and 2 values from 2026-05-20 on would "
    "be gone. Held back; `python -m etl accept sp500` takes it. Bulletins from then on: "
    "2026-05-27.",
    "9000 Check XINZHI_": "api.eia.gov answered 403 Forbidden. Check XINZHI_EIA_API_KEY.",
    "then restore again9004": "/d: the backup could not be restored (No space left on device). "
    "Check free space and permissions, then restore again; what was replaced lies in /d/aside.",
    "its tables are at step": "/d/w.duckdb: its tables are at step 3, and this version carries "
    "step 4. Run `python -m etl run --offline` once, then again.",
    "Run `python -m etl run --offline` once": "/d/w.duckdb: its tables are at step 3, and this "
    "version carries step 4. Run `python -m etl run --offline` once, then again.",
    "Install the version that wrote it.": "/d/w.duckdb: its tables are at step 5, and this "
    "version carries step 4. Install the version that wrote it.",
    "9000; it is not what was put there.": "s3://b/p/current.json: it has 7 bytes of 9; it is not "
    "what was put there.",
    "there is no snapshot 9002.": "/d/published: there is no snapshot before the current one.",
}
#: What stands in the blanks: something that is quoted, and hints, which are sentences themselves.
HINT = re.compile(r"hint|nearest\(|_WHAT_TO_DO|newest$")
#: Latin that stays: commands, options, settings, files, keys, formats, names of services.
KEPT = re.compile(
    r"`[^`]*`|--[a-z-]+|XINZHI_\w+|[\w./*-]*\.(?:yaml|csv|xlsx?|docx?|md|txt|pdf|html|prom"
    r"|svg|png|conf|md|lock|py)\b|https?://\S+|postgresql://\S+|s3://\S+|ducklake:\S+"
    r"|\b[a-z]+(?:_[a-z0-9]+)+\b|\b[a-z0-9]+(?:\.[a-z0-9]+)+\b|“[^”]*”|（[^）]*）"
)
LOGGED = re.compile(r"(?:log|events|logger)\.|re\.compile|Text$|_text$|warnings\.")
#: The rest of a sentence, and the names of texts.
NAME = re.compile(r"[\s,;:]|截至|[a-z]+(?:_[a-z]+)+\Z")
SQL = re.compile(r"(?:select|insert|update|delete)\b[^.]*\Z")
WORDS = re.compile(r"[A-Za-z]{2,}(?:[ ,]+[A-Za-z]{2,}){2,}")


def test_the_language_is_that_of_the_option_before_or_behind_the_command_or_of_the_locale() -> None:
    assert language_of(["--lang", "zh", "run"], {}) == "zh"
    assert language_of(["run", "--lang=zh"], {"LANG": "en_GB.UTF-8"}) == "zh"
    assert language_of(["run", "--lang", "en"], {"LC_ALL": "zh_CN.UTF-8"}) == "en"
    assert language_of(["run"], {"LC_ALL": "", "LANG": "zh_CN.UTF-8"}) == "zh"
    assert language_of(["run"], {"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"}) == "en"
    assert language_of(["run", "--lang", "fr"], {}) == "en"
    assert language_of(["claims", "--", "--lang", "zh"], {}) == "en"
    assert language_of([], {}) == "en"


def test_an_error_without_chinese_words_is_told_as_it_is() -> None:
    told = in_words(FileProblem("a.csv", "nobody wrote this sentence down.", line=3), "zh")
    assert told == "出错了，原文是英文：a.csv, line 3: nobody wrote this sentence down."
    assert in_words(SettingError("as it is"), "en") == "as it is"


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("indicators.yaml, line 7: micron_close_usd: the alias '股价' is already claimed by sp500; "
         "a word means one indicator.",
         "indicators.yaml 第 7 行：micron_close_usd：别名“股价”已经归 sp500；一个词只指一个指标。"),
        ("/d/raw: cannot be used (Permission denied). Check free space and permissions, or set "
         "XINZHI_DATA to another folder; what was held before is unchanged.",
         "/d/raw：不能使用（没有权限）。请看磁盘空间和权限，或把 XINZHI_DATA 设到别处；"
         "原有的数据没有动。"),
        ("Unknown indicator 'sp5000'. Did you mean 'sp500'?",
         "没有指标“sp5000”。是不是“sp500”？"),
        ("fred.stlouisfed.org could not be reached (no answer in time).",
         "连不上 fred.stlouisfed.org（没有在规定的时间内答复）。"),
        ("a.xlsx, line 4: B4 '约三成' is no number; write digits like 1234.5.",
         "a.xlsx 第 4 行：B4“约三成”不是数字，写法如 1234.5。"),
    ],
)  # fmt: skip
def test_an_error_says_in_chinese_which_thing_where_and_what_to_do(
    english: str, chinese: str
) -> None:
    assert in_chinese(english) == chinese


def test_nothing_from_outside_makes_the_search_for_words_long() -> None:
    for text in ("a: " * 1300, "a. " * 1300, "; " * 1300, "x" * 100_000, " of " * 900):
        assert in_chinese(text) is None


def test_a_quotation_with_braces_is_quoted_as_it_is() -> None:
    assert in_chinese("Unknown indicator '{0.__class__}'.") == "没有指标“{0.__class__}”。"


def test_every_sentence_has_the_same_blanks_in_both_languages() -> None:
    path = PROJECT / "etl/texts/sentences.yaml"
    lines = path.read_text("utf-8").splitlines()
    pairs = [line for line in lines if line and not line.startswith("#")]
    written = yaml.safe_load("\n".join(lines))
    assert len(pairs) == len(written), "one sentence stands twice"
    for english, chinese in written.items():
        blanks = set(re.findall(r"\{(\w+)\}", english))
        assert set(re.findall(r"\{(\w+)\}", chinese)) <= blanks, english
        assert not re.search(r"[\u4e00-\u9fff][,;?!](?:\s|$|[\u4e00-\u9fff])", chinese), chinese


def test_every_sentence_of_an_error_or_a_command_has_its_chinese() -> None:
    lacking = []
    for path in sorted(path for part in PARSERS for path in (PROJECT / part).rglob("*.py")):
        name = path.relative_to(PROJECT).as_posix()
        if not name.startswith(ELSEWHERE):
            # What the sites say beside their errors stands in the texts of their pages.
            for line, sentence in _sentences(path, only_raised=not name.startswith("etl/")):
                whole = [full for part, full in COMPOSED.items() if part in sentence]
                chinese = in_chinese(whole[0] if whole else sentence)
                if chinese is None or WORDS.search(KEPT.sub("", chinese)):
                    lacking.append(f"{name}:{line}: {sentence} → {chinese}")
    assert not lacking, "write their Chinese into etl/texts/sentences.yaml:\n" + "\n".join(lacking)


def _sentences(path: Path, *, only_raised: bool) -> Iterator[tuple[int, str]]:
    """What is raised or said in a file, and whatever else reads like a whole sentence, with its
    blanks filled."""
    for node, above in _strings(ast.parse(path.read_text("utf-8")), ()):
        text = _filled(node)
        words = re.findall(r"[A-Za-z']{2,}", text)
        if len(words) < 2 or NAME.match(text) or SQL.match(text):
            continue
        call = above[0]
        made = (
            ast.unparse(call.func).removeprefix("_")
            if isinstance(call, ast.Call) and node in call.args
            else ""
        )
        is_said = made in SAID or made.rpartition(".")[2] in ERRORS
        ends = text.endswith((".", "?")) and len(words) > 2 and text[0] != "("
        if (is_said or (ends and not only_raised)) and not _is_logged(above):
            yield node.lineno, f"B4 {text}." if made in OF_CELLS else text


def _strings(
    node: ast.AST, above: tuple[ast.AST, ...]
) -> Iterator[tuple[ast.JoinedStr | ast.Constant, tuple[ast.AST, ...]]]:
    """Every string below a node that is no docstring, with what it stands in, the nearest first."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.JoinedStr) or (
            isinstance(child, ast.Constant) and isinstance(child.value, str)
        ):
            if not isinstance(node, ast.Expr):
                yield child, (node, *above)
        elif not isinstance(child, ast.expr_context | ast.operator | ast.Name):
            yield from _strings(child, (node, *above))


def _filled(node: ast.JoinedStr | ast.Constant) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    text = ""
    for number, part in enumerate(node.values):
        if isinstance(part, ast.Constant):
            text += str(part.value)
        else:
            assert isinstance(part, ast.FormattedValue)
            is_hint = HINT.search(ast.unparse(part.value))
            text += "Did you mean 'sp500'?" if is_hint else f"{9000 + number}"
    return text.strip()


def _is_logged(above: tuple[ast.AST, ...]) -> bool:
    for node in above:
        if isinstance(node, ast.stmt):
            return isinstance(node, ast.Assert)
        if isinstance(node, ast.Call) and LOGGED.match(ast.unparse(node.func)):
            return True
    return False


PARSERS = {"etl": etl_parser, "dashboard": dashboard_parser, "desk": desk_parser}


def _every(parser: argparse.ArgumentParser) -> Iterator[CommandLine]:
    assert isinstance(parser, CommandLine)
    yield parser
    for one in parser.commands.values():
        yield from _every(one)


@pytest.mark.parametrize("program", PARSERS)
def test_help_in_chinese_has_no_english_left(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "4000")  # no line is broken
    for parser in _every(PARSERS[program]("zh")):
        told = parser.format_help()
        assert told.startswith("用法：")
        for line in told.splitlines():
            body = re.sub(
                r"^ +[a-z-]+ {2,}|\{[^}]*\}|'[^']*'|\b[A-Z]{2,}\b", "", KEPT.sub("", line)
            )
            body = body.replace(parser.prog, "")
            assert not re.search(r"(?<![\w=-])[a-z]{2,}(?:[ ,]+[a-z]{2,})+", body), line


@pytest.mark.parametrize("program", PARSERS)
def test_every_option_says_what_it_is_for(program: str) -> None:
    for parser in _every(PARSERS[program]("en")):
        for name, said in parser.options_told():
            assert said, f"{parser.prog}: {name} has no help"


def test_a_command_is_named_as_it_is_typed() -> None:
    assert re.search(r"^    move  ", etl_parser("zh").format_help(), re.M)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/c/sp500?u=parsec", "u：“parsec”不是换算方式。可用：level diff pct"),
        ("/c/sp5000", "id：没有指标“sp5000”。是不是“sp500”？"),
        ("/compare?ids=sp500,vix&asof=2099-01-01", "2099-01-01 还没有到，那时会知道什么"),
        ("/policies?month=x", "month：“x”不是月份，请写成 2026-05。"),
    ],
)
def test_a_page_says_in_chinese_what_is_wrong_with_its_address(
    address: str, said: str, site: TestClient
) -> None:
    page = site.get(address).text
    assert said in page
    assert "Allowed" not in page


def test_a_wrong_command_line_is_told_in_chinese(cli: Cli) -> None:
    for given, told in (
        (["--lang", "zh"], "缺少必填的参数：命令"),
        (["etwas", "--lang", "zh"], "命令：没有 'etwas' 这个选项，可选："),
        (["run", "--lang", "zh", "--known-at"], "--known-at：后面要写一个值"),
        (["candidates", "--take", "a", "--json", "--lang=zh"], "不能与 --take 同时使用"),
    ):
        ended = cli(*given)
        speak_in("en")
        assert ended.status == 2
        assert told in ended.err, ended.err
        assert "错误：" in ended.err
