"""Command output: a progress bar and tables on a terminal, plain lines elsewhere."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from etl.alerts.notify import Sent
from etl.alerts.rules import Alert
from etl.claims.model import Claim
from etl.command_line import said, wrong
from etl.commands.status import Freshness
from etl.errors import plain_line, quoted
from etl.freshness import checked_words
from etl.ingest.run import Progress as Step
from etl.ingest.run import Report
from etl.lags import Lag
from etl.policies.candidates import Candidate
from etl.policies.identity import topics_shown
from etl.records import Disagreement
from etl.reliability import DAYS, Reliability, warning
from etl.reliability import failing as judged_failing
from etl.storage.backup import Manifest
from etl.storage.move import Carried
from etl.storage.snapshots import ListedSnapshot
from etl.storage.warehouse import Outcome
from etl.terminal import as_printed
from etl.words.numbers import MINUS, trimmed

#: More revisions of one indicator are counted, not listed.
MOST_REVISIONS = 5
MOST_DISAGREEMENTS = 3

#: Sentences in a table are cut after this many characters; --json has them in full.
MOST_LETTERS = 40
MARKS: Mapping[str, str] = {
    "supported": "✔", "approximate": "≈", "contradicted": "✘", "unverifiable": "?",
}  # fmt: skip

out = Console(soft_wrap=not sys.stdout.isatty(), highlight=False)
errors = Console(stderr=True, soft_wrap=True, highlight=False)


log = logging.getLogger(__name__)


class _Spoken:
    """What is said in the log instead, in English: the errors, or every line."""

    errors = lines = False


def speak_in_the_log(form: str, *, lines: bool = False) -> None:
    """Where the log is for programs, say errors in it from now on, and with `lines` all that is
    said line by line."""
    _Spoken.errors = form == "json"
    _Spoken.lines = _Spoken.errors and lines


def fail(message: str) -> None:
    """One sentence on the error stream."""
    if _Spoken.errors:
        log.error("%s", message)
    else:
        errors.print(wrong(message), markup=False)


def say(message: str) -> None:
    """One line on the output."""
    if _Spoken.lines:
        log.info("%s", message)
    else:
        out.print(said(message), markup=False)


@contextmanager
def progress(total: int) -> Iterator[Step]:
    """A function to call with each outcome: it moves a bar, or prints a line."""
    if not out.is_terminal:
        yield outcome_line
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task(said("updating"), total=total)

        def step(outcome: Outcome) -> None:
            bar.update(task, description=outcome.subject, advance=1)

        yield step


def published(report: Report) -> None:
    """Print the published snapshot, or that none was needed."""
    name = report.snapshot
    say(f"published {name}" if name else "nothing changed: no new snapshot")
    if report.for_committee:
        say(f"published {report.for_committee} for the committee")


def outcome_table(outcomes: Iterable[Outcome]) -> None:
    """Print indicator, source, new, revised, newest date, problem."""
    rows = [
        (o.subject, o.source, str(o.new), str(o.revised), str(o.newest or "—"), _said(o))
        for o in outcomes
    ]
    _table(("indicator", "source", "new", "revised", "newest", "problem"), rows, right={2, 3})


def status_table(rows: Sequence[Freshness], moment: datetime) -> None:
    """Print each indicator's freshness, then held answers, revisions and notices."""
    cells = [
        (r.id, r.state, _until(r, moment), "—" if r.missed is None else str(r.missed), r.source,
         r.problem)
        for r in rows
    ]  # fmt: skip
    _table(("indicator", "state", "as of", "missed", "source", "last problem"), cells, right={3})
    for r in (r for row in rows for r in row.refused):
        kind = "held back" if r.may_be_taken else "quarantined"
        say(f"{kind} since {r.since:%Y-%m-%dT%H:%MZ} ({r.source}): {r.sentence}")
    for row in rows:
        for v in row.revisions[:MOST_REVISIONS]:
            say(f"revised by {v.source} on {v.known_at:%Y-%m-%d}: {row.id}, {v.date}: "
                f"{v.before!r} → {v.after!r}")  # fmt: skip
        if len(row.revisions) > MOST_REVISIONS:
            say(f"  … and {len(row.revisions) - MOST_REVISIONS} more of {row.id} (see --json)")
        if row.notice:
            say(f"notice: {row.notice}")
    disagreements({row.id: row.disagreements for row in rows})


def reliability_table(rows: Sequence[Reliability]) -> None:
    """Print how each source answered in 90 days, then those that have failed for a week."""
    if not rows:
        say("no source of the network has been asked yet")
        return
    cells = [
        (r.source, f"{r.share:.0%}", f"{r.good:,}/{r.asked:,}", _moment(r.last_good_at),
         _pair((h.median_s, h.worst_s) for h in r.hosts), _pair([(r.lag_h, r.most_lag_h)]),
         f"{r.revised:,}" + (f" (≤{r.most_revised_pct:.2g} %)" if r.most_revised_pct else ""))
        for r in rows
    ]  # fmt: skip
    say(f"sources in the {DAYS} days up to {rows[0].last_day}:")
    header = ("source", "good", "answers", "last good (UTC)", "seconds", "lag, h", "revised")
    _table(header, cells, right={1, 2, 4, 5, 6})
    failing(judged_failing(rows))


def failing(rows: Iterable[Reliability]) -> None:
    """Print the sources that have failed for a week, and what to do."""
    for row in rows:
        say(f"fails: {warning(row).en}")


def lag_table(rows: Sequence[Lag]) -> None:
    """Print the lags measured, then each rule that is surely wrong with a better one."""
    cells = [
        (r.indicator, ", ".join(r.sources) or "—", str(r.values),
         *(_hours(h) for h in (r.least_h, r.median_h, r.most_h)),
         r.rule.removeprefix("publication: "), r.verdict)
        for r in rows
    ]  # fmt: skip
    header = ("indicator", "source", "values", "least", "median", "most", "rule", "verdict")
    _table(header, cells, right={2, 3, 4, 5})
    for r in (row for row in rows if row.proposed):
        say(f"{r.indicator}: its rule is {r.verdict} for {r.against} of {r.values} values; this "
            f"one would have held:\n    {r.proposed}")  # fmt: skip


def disagreements(found: Mapping[str, Sequence[Disagreement]]) -> None:
    """Print where sources differ, for the newest dates of each indicator."""
    for name, rows in found.items():
        for d in rows[:MOST_DISAGREEMENTS]:
            say(f"sources disagree: {name}, {d.date}: {d.source} {d.value!r}, "
                f"{d.other_source} {d.other_value!r}")  # fmt: skip
        if len(rows) > MOST_DISAGREEMENTS:
            more = len(rows) - MOST_DISAGREEMENTS
            say(f"  … and {more:,} more of {name} (python -m etl status --json)")


def alert_table(rows: Iterable[Alert]) -> None:
    """Print indicator, rule, state, date, sentence."""
    cells = [(r.indicator, r.rule, r.state, str(r.date or "—"), r.zh) for r in rows]
    _table(("indicator", "rule", "state", "date", "what it says"), cells, right=set())


def sent(rows: Iterable[Sent], *, errors_only: bool = False) -> bool:
    """Print what each channel did, failures on the error stream; whether there were any."""
    failed = False
    for row in rows:
        if row.problem:
            failed = True
            fail(f"{row.channel}: {row.problem} {row.waiting} alerts wait for the next time.")
        if errors_only:
            continue
        if row.count:
            say(f"{row.channel}: {row.count} alerts sent")
        if row.waiting and not row.problem:
            say(f"{row.channel}: {row.waiting} more wait for the next time")
        for notice in row.notices:
            say(f"{row.channel}: {notice}")
    return failed


def history_table(snapshots: Iterable[ListedSnapshot]) -> None:
    """Print name, moment, vintages, whether it is current, and why it cannot be read if it
    cannot."""
    cells = [
        (
            s.name,
            s.published_at or "—",
            "—" if s.problem or s.rows is None else f"{s.rows:,}",
            " ".join(
                filter(None, (f"cannot be read: {s.problem}" if s.problem else "",
                              "current" if s.current else ""))
            ),
        )
        for s in snapshots
    ]  # fmt: skip
    _table(("snapshot", "published (UTC)", "vintages", ""), cells, right={2})


def carried_lines(tables: Sequence[Carried]) -> None:
    """What was carried, table by table."""
    for one in tables:
        say(f"{one.table}: {one.rows:,} rows, {one.digest:x}")


def backup_line(folder: str, manifest: Manifest) -> None:
    """The contents of a backup, in one line."""
    say(
        f"{folder}: {len(manifest.files):,} files, {manifest.bytes / 1e6:,.1f} MB, "
        f"{manifest.vintages:,} vintages, snapshot {manifest.snapshot or '—'}, made at "
        f"{manifest.made_at:%Y-%m-%dT%H:%M:%SZ}"
    )


def candidate_table(rows: Iterable[Candidate]) -> None:
    """Print key, title, issuer, number, published, topics, kind, source, address."""
    cells = [
        (r.key, d.title, d.issuer, d.number, d.published, ";".join(topics_shown(d)), d.kind,
         ";".join(r.sources), d.url)
        for r in rows
        for d in (r.document,)
    ]  # fmt: skip
    header = ("key", "title", "issuer", "number", "published", "topics", "kind", "source", "url")
    _table(header, cells, right=set())


def claim_table(claims: Sequence[Claim]) -> None:
    """Print mark, section, indicator, kind, value, period, reason and sentence, then the totals."""
    cells = [
        (MARKS[c.verdict], c.verdict, c.section, c.indicator, c.kind, _value(c), c.period or "—",
         c.reason, plain_line(c.sentence)[:MOST_LETTERS])
        for c in claims
    ]  # fmt: skip
    header = (
        "",
        "verdict",
        "section",
        "indicator",
        "kind",
        "value",
        "period",
        "reason",
        "sentence",
    )
    _table(header, cells, right={5})
    counts = [f"{sum(c.verdict == name for c in claims)} {name}" for name in MARKS]
    say(f"{len(claims)} statements: {', '.join(counts)}")


def contradicted(source: str, claims: Iterable[Claim]) -> int:
    """Print each sentence of a file that the data contradict, and what they say; how many there
    are."""
    wrong = [c for c in claims if c.verdict == "contradicted"]
    for c in wrong:
        say(f"{MARKS[c.verdict]} {source}: “{quoted(c.sentence)}” {c.indicator}: {c.reason}")
    return len(wrong)


def outcome_line(outcome: Outcome) -> None:
    """One outcome as a plain line."""
    say(_line(outcome))


def _line(outcome: Outcome) -> str:
    newest = f", newest {outcome.newest}" if outcome.newest else ""
    source = f" from {outcome.source}" if outcome.newest else f" {outcome.source}"
    said = _said(outcome)
    problem = f" — {said}" if said else ""
    return (
        f"{outcome.subject}: {outcome.new} new, {outcome.revised} revised{newest}{source}{problem}"
    )


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "never"


def _pair(told: Iterable[tuple[float | None, float | None]]) -> str:
    """Median and worst of each host, or of the lag."""
    pairs = [f"{a:.1f} (≤{b:.1f})" for a, b in told if a is not None and b is not None]
    return ", ".join(pairs) or "—"


def _hours(hours: float | None) -> str:
    """Hours, or days where they are many."""
    if hours is None:
        return "—"
    return f"{hours:.1f} h" if abs(hours) < 72 else f"{hours / 24:.1f} d"


def _until(row: Freshness, moment: datetime) -> str:
    """Until when there are values, or, for what changes only at events, until when somebody
    checked."""
    if row.calendar != "event" or row.newest is None:
        return row.as_of
    return f"{row.as_of}，{checked_words(row.checked_until, moment, 'zh')}"


def _value(claim: Claim) -> str:
    return (
        "—" if claim.value is None else f"{trimmed(claim.value).replace(MINUS, '-')} {claim.unit}"
    )


def _said(outcome: Outcome) -> str:
    """The problem of an outcome, and its notice."""
    notice = f"(notice: {outcome.notice})" if outcome.notice else ""
    return " ".join(part for part in (outcome.problem, notice) if part)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], right: set[int]) -> None:
    header = [said(name) for name in header]
    rows = [[as_printed(said(cell), out.encoding) for cell in row] for row in rows]
    if out.is_terminal:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for index, name in enumerate(header):
            table.add_column(name, justify="right" if index in right else "left")
        for row in rows:
            table.add_row(*row)
        out.print(table, markup=False)
        return
    widths = [max(columns(row[i]) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, *rows]:
        cells = [
            padded(cell, width, index in right)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        say("  ".join(cells).rstrip())


def columns(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)


def padded(text: str, width: int, right: bool = False) -> str:
    """The text with spaces up to a width on a terminal."""
    space = " " * (width - columns(text))
    return space + text if right else text + space
