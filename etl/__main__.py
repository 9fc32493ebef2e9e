"""python -m etl: fill the warehouse and publish snapshots."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import warnings
from collections.abc import Sequence
from datetime import date

from etl.command_line import CommandLine, language_of, speak_in
from etl.commands import (
    NOTHING_DONE,
    check,
    console,
    correct,
    edit,
    editor,
    letters,
    metrics,
    new_indicator,
    report,
    snapshots,
    update,
)
from etl.errors import XinzhiError
from etl.log import tell_runs
from etl.settings import load_settings
from etl.terminal import speak_plainly
from etl.texts import LANGS
from etl.tracing import begin_tracing

#: How many new objects the collector of garbage waits for. A run makes millions that are no
#: garbage; looked through as often as Python does by itself, they take a sixth of its time.
COLLECT_AFTER = 100_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    gc.set_threshold(COLLECT_AFTER, 20, 20)
    # A library that several threads load at once may say what nobody can act on.
    warnings.filterwarnings("ignore", message="SOCKS support in urllib3")
    speak_plainly()
    lang = language_of(sys.argv[1:] if arguments is None else arguments, os.environ)
    speak_in(lang)
    options = parser(lang).parse_args(arguments)
    try:
        settings = load_settings()
        tell_runs(settings.log, settings.without_secrets)
        console.speak_in_the_log(settings.log)
        begin_tracing("xinzhi-etl")
        return int(options.command(settings, options))
    except XinzhiError as error:
        console.fail(str(error))
        return NOTHING_DONE
    except KeyboardInterrupt:
        console.fail("stopped; what was published before is still served.")
        return NOTHING_DONE


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a date that exists") from None


def _add_allow_fewer(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--allow-fewer",
        action="store_true",
        help="publish although an indicator has fewer vintages than are served",
    )


def _add_table(one: argparse.ArgumentParser) -> None:
    own = one.add_argument_group("one indicator's table of periods and values, as people keep it")
    own.add_argument("--indicator", metavar="ID", help="the indicator whose values they are")
    own.add_argument("--author", default="", metavar="NAME", help="who entered them")
    own.add_argument("--reason", default="", metavar="TEXT", help="why, where they replace others")
    own.add_argument("--note", default="", metavar="TEXT", help="what is to be known of them")
    own.add_argument("--sheet", default="", metavar="NAME", help="the sheet of the workbook")
    own.add_argument("--column", default="", metavar="HEAD", help="the head of the values' column")
    own.add_argument("--unit", default="", metavar="UNIT", help="their unit, where no cell says it")


def _add_committee(one: argparse.ArgumentParser, help_: str) -> None:
    one.add_argument("--committee", action="store_true", help=help_)


def _add_date(one: argparse.ArgumentParser) -> None:
    one.add_argument("--date", type=_day, metavar="DATE", help="its date, instead of its own")


def parser(lang: str) -> CommandLine:
    """Every command with its options, its help in `lang`."""
    whole = CommandLine(prog="python -m etl", description=__doc__, lang=lang)
    commands = whole.add_subparsers(required=True, metavar="COMMAND", help="what is to be done")

    one = commands.add_parser("run", help="fetch, check, store, publish")
    one.add_argument("ids", nargs="*", metavar="ID", help="indicators; all when none is given")
    one.add_argument("--source", metavar="NAME", help="ask only this source")
    one.add_argument("--offline", action="store_true", help="ask no source over the network")
    one.add_argument("--known-at", metavar="TIME", help="store as known then, not now (ISO 8601)")
    _add_allow_fewer(one)
    one.set_defaults(command=update.run_command)

    one = commands.add_parser(
        "check", help="check catalog, figures, register, corrections and bulletins"
    )
    one.set_defaults(command=check.check_command)

    one = commands.add_parser("status", help="how fresh the indicators are, how sources answer")
    one.add_argument("--sources", action="store_true", help="only how the sources answer")
    one.add_argument("--json", action="store_true", help="as JSON, for programs")
    one.set_defaults(command=report.status_command)

    one = commands.add_parser("lags", help="how long after its period each value was first seen")
    one.add_argument("ids", nargs="*", metavar="ID", help="indicators; all when none is given")
    one.add_argument("--json", action="store_true", help="as JSON, for programs")
    one.set_defaults(command=report.lags_command)

    one = commands.add_parser("alerts", help="how the alerts of the catalog stand; send them")
    one.add_argument("--send", action="store_true", help="send each new crossing once")
    one.add_argument("--json", action="store_true", help="as JSON, for programs")
    one.set_defaults(command=report.alerts_command)

    one = commands.add_parser("history", help="published snapshots")
    _add_committee(one, "the snapshots for the committee")
    one.set_defaults(command=snapshots.history_command)

    one = commands.add_parser("rollback", help="return to an earlier snapshot")
    one.add_argument(
        "snapshot", nargs="?", metavar="SNAPSHOT",
        help="the snapshot; the one before the current one unless given",
    )  # fmt: skip
    _add_committee(one, "among the snapshots for the committee")
    one.set_defaults(command=snapshots.rollback_command)

    one = commands.add_parser(
        "purge-keys", help="the keys of what changed, for a cache in front of the site"
    )
    one.add_argument("first", nargs="?", metavar="FROM", help="the one before, unless given")
    one.add_argument("last", nargs="?", metavar="TO", help="the current one, unless given")
    one.set_defaults(command=snapshots.purge_keys_command)

    one = commands.add_parser("backup", help="copy all that cannot be fetched again")
    one.add_argument("folder", metavar="FOLDER", help="a new or empty folder")
    one.set_defaults(command=snapshots.backup_command)

    one = commands.add_parser("restore", help="bring a backup back")
    one.add_argument("folder", metavar="FOLDER", help="the folder of the backup")
    one.add_argument("--check", action="store_true", help="only see whether it is whole")
    one.set_defaults(command=snapshots.restore_command)

    one = commands.add_parser(
        "move-state", help="carry what this machine remembers into PostgreSQL"
    )
    one.set_defaults(command=snapshots.move_state_command)

    one = commands.add_parser("move", help="carry the whole warehouse to another place")
    one.add_argument(
        "--to", required=True, metavar="PLACE", help="a new file, or ducklake:postgres:ADDRESS"
    )
    one.add_argument("--dry-run", action="store_true", help="only say what would be carried")
    one.set_defaults(command=snapshots.move_command)

    one = commands.add_parser("import", help="add observations from CSV, XLSX or Parquet")
    one.add_argument("files", nargs="+", metavar="FILE", help="the files with the values")
    one.add_argument("--known-at", metavar="TIME", help="known exactly then (ISO 8601)")
    _add_table(one)
    one.set_defaults(command=update.import_command)

    one = commands.add_parser(
        "new-indicator", help="ask for a new indicator, try its source, write its entry"
    )
    new_indicator.add_options(one)
    one.set_defaults(command=new_indicator.new_indicator_command)

    one = commands.add_parser("accept", help="take an answer that was held back")
    one.add_argument("id", metavar="INDICATOR", help="the indicator whose answer it is")
    one.set_defaults(command=update.accept_command)

    one = commands.add_parser("refuse", help="leave an answer that was held back, for good")
    one.add_argument("id", metavar="INDICATOR", help="the indicator whose answer it is")
    what = one.add_mutually_exclusive_group(required=True)
    what.add_argument("--reason", default="", metavar="TEXT", help="why it is wrong")
    what.add_argument("--undo", action="store_true", help="let a person look at it again")
    one.add_argument("--author", default="", metavar="NAME", help="who refuses it")
    one.set_defaults(command=update.refuse_command)

    one = commands.add_parser("correct", help="correct a value of a source, or end a correction")
    one.add_argument("id", metavar="INDICATOR", help="the indicator whose value it is")
    one.add_argument("date", type=_day, metavar="DATE", help="the date of the value")
    one.add_argument("--source", required=True, metavar="NAME", help="the source that is wrong")
    one.add_argument("--expected", type=float, metavar="VALUE", help="what the source gives")
    one.add_argument("--value", type=float, metavar="VALUE", help="what is right")
    one.add_argument("--reason", default="", metavar="TEXT", help="why, in Chinese")
    one.add_argument("--reason-en", default="", metavar="TEXT", help="why, in English")
    one.add_argument("--evidence", default="", metavar="TEXT", help="an address, or words")
    one.add_argument("--author", default="", metavar="NAME", help="who corrects it")
    one.add_argument("--end", action="store_true", help="take the correction out again")
    one.set_defaults(command=correct.correct_command)

    one = commands.add_parser("note", help="leave a note beside an indicator or a source")
    one.add_argument("about", metavar="ID|SOURCE", help="what the note is about")
    one.add_argument("words", nargs="+", metavar="WORDS", help="the note")
    one.add_argument("--author", default="", metavar="NAME", help="who says so")
    one.set_defaults(command=update.note_command)

    one = commands.add_parser(
        "edit", help="change the catalog, the register or a table that is kept by hand"
    )
    one.add_argument("what", metavar="catalog|register|ID", help="what is changed")
    one.add_argument("file", nargs="?", metavar="FILE", help="the new text; its changes without")
    one.add_argument("--undo", default="", metavar="KEY", help="take this change of it back")
    one.add_argument("--reason", default="", metavar="TEXT", help="why it is changed")
    one.add_argument("--author", default="", metavar="NAME", help="who changes it")
    one.set_defaults(command=edit.edit_command)

    one = commands.add_parser("rename", help="give an indicator another id; the old one goes on")
    one.add_argument("id", metavar="INDICATOR", help="the id that it has")
    one.add_argument("new", metavar="ID", help="the id that it gets")
    one.add_argument("--reason", default="", metavar="TEXT", help="why it is changed")
    one.add_argument("--author", default="", metavar="NAME", help="who changes it")
    one.set_defaults(command=edit.rename_command)

    one = commands.add_parser(
        "candidates", help="documents cited or found upstream that wait for you"
    )
    what = one.add_mutually_exclusive_group()
    what.add_argument("--take", nargs="+", metavar="KEY", help="add them to the register")
    what.add_argument("--leave", nargs="+", metavar="KEY", help="list them no more")
    what.add_argument("--json", action="store_true", help="as JSON, for programs")
    one.add_argument("--author", default="", metavar="NAME", help="who takes them")
    one.set_defaults(command=editor.candidates_command)

    one = commands.add_parser("replay", help="build the warehouse again from archived answers")
    one.add_argument("--source", metavar="NAME", help="only this source")
    _add_allow_fewer(one)
    one.set_defaults(command=update.replay_command)

    one = commands.add_parser("schedule", help="run in the foreground at the sources' hours")
    one.set_defaults(command=update.schedule_command)

    one = commands.add_parser("metrics", help="the runs of this machine, as Prometheus reads them")
    one.add_argument("--to", metavar="FILE.prom", help="write them there, in one step")
    one.set_defaults(command=metrics.metrics_command)

    one = commands.add_parser("bulletin", help="add a bulletin from a document, text or page")
    one.add_argument("files", nargs="+", metavar="FILE", help="the files of the bulletins")
    _add_date(one)
    one.add_argument(
        "--publish-anyway",
        action="store_true",
        help="add it although the data contradict a statement",
    )
    one.add_argument("--strict", action="store_true", help="refuse it if anything is left out")
    one.add_argument("--publish", action="store_true", help="publish it at once")
    _add_committee(one, "it is for the committee: no word of it becomes public")
    one.set_defaults(command=editor.bulletin_command)

    one = commands.add_parser(
        "draft", help="save a draft that editors share, print it, put it away"
    )
    one.add_argument("which", metavar="DATE|FILE", help="the day of a draft, or a document to save")
    _add_date(one)
    one.add_argument("--author", default="", metavar="NAME", help="who saves it")
    one.add_argument("--close", action="store_true", help="put the draft of a day away")
    one.set_defaults(command=editor.draft_command)

    one = commands.add_parser("withdraw", help="take a bulletin back; its text is kept")
    one.add_argument("date", type=_day, metavar="DATE", help="the day of the bulletin")
    one.add_argument("--reason", required=True, metavar="TEXT", help="what readers are told")
    one.set_defaults(command=editor.withdraw_command)

    one = commands.add_parser("claims", help="check a bulletin's statements against the data")
    one.add_argument(
        "which", metavar="DATE|FILE", help="the day of a published bulletin, or a draft"
    )
    _add_date(one)
    how = one.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="as JSON, for programs")
    how.add_argument("--why", action="store_true", help="how each sentence of a draft was read")
    one.set_defaults(command=report.claims_command)

    one = commands.add_parser(
        "brief",
        conflict_handler="resolve",
        help="what moved since the bulletin before, as sentences",
    )
    when = one.add_mutually_exclusive_group(required=True)
    when.add_argument(
        "date", nargs="?", metavar="DATE", help="the day of the bulletin to be written"
    )
    when.add_argument("--since", metavar="DATE", help="since the end of that day, a last meeting")
    one.add_argument(
        "--lang", choices=LANGS, default=argparse.SUPPRESS,
        help="the language of the brief, and of what is said here; zh unless given",
    )  # fmt: skip
    one.add_argument("--json", action="store_true", help="as JSON, for programs")
    _add_committee(one, "with what is for the committee; its sentences are no public words")
    one.set_defaults(command=report.brief_command)

    one = commands.add_parser(
        "digest",
        conflict_handler="resolve",
        help="the brief of a day as a letter; send it to those who asked for it",
    )
    one.add_argument("date", metavar="DATE", help="the day that it tells of")
    one.add_argument("--send", action="store_true", help="send it to each once, and to the robot")
    one.add_argument(
        "--lang", choices=LANGS, default=argparse.SUPPRESS,
        help="the letter of this language alone, and the language of what is said here",
    )  # fmt: skip
    one.set_defaults(command=letters.digest_command)

    one = commands.add_parser(
        "subscribers", conflict_handler="resolve", help="who gets the letter of the day by e-mail"
    )
    what = one.add_mutually_exclusive_group()
    what.add_argument("--add", nargs="+", metavar="ADDRESS", help="let them get it")
    what.add_argument("--remove", nargs="+", metavar="ADDRESS", help="take them away")
    what.add_argument("--json", action="store_true", help="the list as JSON")
    one.add_argument(
        "--lang", choices=LANGS, default=argparse.SUPPRESS,
        help="the language of their letter, and of what is said here; zh unless given",
    )  # fmt: skip
    one.set_defaults(command=letters.subscribers_command)
    return whole


if __name__ == "__main__":
    sys.exit(main())
