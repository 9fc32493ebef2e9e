"""Commands and errors in Chinese."""

from __future__ import annotations

from etl.command_line import language_of
from etl.errors import FileProblem, SettingError, in_words


def test_the_language_is_that_of_the_option_before_or_behind_the_command_or_of_the_locale() -> None:
    assert language_of(["--lang", "zh", "run"], {}) == "zh"
    assert language_of(["run", "--lang=zh"], {"LANG": "en_GB.UTF-8"}) == "zh"
    assert language_of(["run", "--lang", "en"], {"LC_ALL": "zh_CN.UTF-8"}) == "en"
    assert language_of(["run"], {"LC_ALL": "", "LANG": "zh_CN.UTF-8"}) == "zh"
    assert language_of(["run"], {"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"}) == "en"
    assert language_of(["run", "--lang", "fr"], {}) == "en"
    assert language_of([], {}) == "en"


def test_an_error_without_chinese_words_is_told_as_it_is() -> None:
    told = in_words(FileProblem("a.csv", "nobody wrote this sentence down.", line=3), "zh")
    assert told == "出错了，原文是英文：a.csv, line 3: nobody wrote this sentence down."
    assert in_words(SettingError("as it is"), "en") == "as it is"
