"""One run, from top to bottom: fetch, keep, parse, check, append, derive, publish."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from typing import Any, TypeVar

from etl import corrections
from etl.alerts.rules import Alert, judge_all
from etl.bulletins.model import Bulletin
from etl.catalog import SOURCE_PARAMS, Catalog, Dated, Indicator, SourceRef, Text
from etl.corrections import Correction, CorrectionFile, Fix, Settled
from etl.errors import (
    CheckFailed,
    FileProblem,
    HeldBack,
    RefusedAgain,
    SettingError,
    SourceError,
    UnexpectedPayload,
    nearest,
)  # fmt: skip
from etl.files.authored import (
    BulletinFiles,
    PueComparison,
    read_bulletins,
    read_comparisons,
    read_corrections,
    read_documents,
    read_provinces,
)
from etl.ingest import checks, raw, refusals, revisions
from etl.ingest.answers import Beside, accepted, fix_of, refuse, take_answer
from etl.ingest.derived import derive, with_breaks
from etl.ingest.fetching import Fetching
from etl.ingest.reach import BRIEF_S, asked_last, ranks, unlikely
from etl.ingest.refusals import Rewriting
from etl.ingest.renames import opened_as_named
from etl.ingest.splits import keep_authored, known_splits
from etl.ingest.upstream import Upstream
from etl.ingest.watch import RunWatch, watched
from etl.policies import candidates
from etl.policies.counts import CREDIT
from etl.policies.finders.base import DocumentFinder
from etl.policies.register import documents_from_json, documents_to_json
from etl.provinces import ProvinceYardstick
from etl.records import Action, Document, Observation, Vintage, now
from etl.reliability import Reliability, failing
from etl.settings import Settings
from etl.sources import sources
from etl.sources.base import FIRST_DAY, Source
from etl.storage.audiences import publish_to_all, remember
from etl.storage.looks import with_looks
from etl.storage.publish import all_content
from etl.storage.reliability import first_seen, reliability
from etl.storage.warehouse import Answer, Appended, Outcome, Warehouse, writing

#: How far back an update asks again, to see revisions.
REVISION_DAYS = 60
NEEDS_NETWORK = "not asked (offline)"


@dataclass(frozen=True, slots=True)
class Request:
    """What one run is asked to do. Without `ids` and `source` it does everything; `allow_fewer`
    publishes even if less is held of an indicator than is served."""

    ids: tuple[str, ...] = ()
    source: str | None = None
    offline: bool = False
    known_at: datetime | None = None
    allow_fewer: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What one run did: an outcome per subject, the published snapshot, if any, the state of the
    alerts, the sources that have failed for a week, those of them that are asked for what is
    public, and the snapshot published for the committee, if any."""

    outcomes: tuple[Outcome, ...]
    snapshot: str | None
    unreachable: tuple[str, ...]
    alerts: tuple[Alert, ...] = ()
    failing: tuple[Reliability, ...] = ()
    failing_publicly: tuple[Reliability, ...] = ()
    for_committee: str | None = None

    @property
    def exit_status(self) -> int:
        return 1 if any(outcome.problem for outcome in self.outcomes) else 0


Progress = Callable[[Outcome], None]
Row = TypeVar("Row")


def run(
    settings: Settings,
    catalog: Catalog,
    request: Request,
    progress: Progress,
    way_out: Upstream | None = None,
) -> Report:
    """Update what is asked, publish it, and report what happened to each subject.

    One failed indicator never stops the others: its last good values stay, with their date.
    `way_out` replaces the network if a caller provides it.
    """
    wanted = select(catalog, request)
    named = opened_as_named(settings, catalog, request.known_at)
    live = not request.offline and request.known_at is None
    with watched(settings, is_live=live) as watch, writing(settings), named as warehouse:
        with way_out or Upstream(settings) as out:
            step = _Run(settings, catalog, request, warehouse, out, watch)
            outcomes = list(step.outcomes(wanted, progress))
        problems, notices = _remembered(catalog, warehouse)
        moment = now()
        shown = with_looks(broken(catalog, warehouse.all_actions()), warehouse, moment)
        alerts = judged(shown, warehouse, moment)
        waiting = candidates.waiting(warehouse, step.documents)
        documents = [*step.documents, *(one.as_shown() for one in waiting)]
        seen = first_seen(warehouse, moment)
        answering = reliability(warehouse, _upstreams(catalog.all()), seen, moment)
        content = all_content(
            shown, step.bulletins(), documents, problems, step.comparisons, alerts,
            step.corrections, provinces=step.provinces, notices=notices,
            candidates=[one.written() for one in waiting],
            candidates_left=warehouse.texts(candidates.LEFT), reliability=answering,
            first_seen=seen, withdrawals=step.files.withdrawn,
        )  # fmt: skip
        hidden = remember(warehouse, content, load=step.load, known_at=step.known_at)
        publicly = answering
        if hidden:
            seen_by_all = [one for one in catalog.all() if not one.for_committee]
            publicly = reliability(
                warehouse, _upstreams(seen_by_all), seen, moment, hidden.indicators
            )
        snapshot, for_committee = publish_to_all(
            settings, warehouse, content, hidden, publicly, moment, allow_fewer=request.allow_fewer
        )
        watch.published(snapshot)
        if settings.raw_days is not None:
            before = moment - timedelta(days=settings.raw_days)
            raw.archive_of(settings).thin(warehouse.needed_answers(before), before)
        lost = tuple(sorted(set(out.unreachable.values())))
        return Report(
            tuple(outcomes), snapshot, lost, alerts, tuple(failing(answering)),
            tuple(failing(publicly)), for_committee,
        )  # fmt: skip


def select(catalog: Catalog, request: Request) -> list[Indicator]:
    """The requested indicators, in the order of the catalog."""
    ids = [catalog.resolve(name) for name in request.ids]
    for name in ids:
        if name not in catalog:
            raise SettingError(f"Unknown indicator '{name}'. {nearest(name, catalog.indicators)}")
    known = SOURCE_PARAMS.keys() | candidates.FINDERS.keys()
    if request.source is not None and request.source not in known:
        raise SettingError(f"Unknown source '{request.source}'. {nearest(request.source, known)}")
    return [
        indicator
        for indicator in catalog.all()
        if (not ids or indicator.id in ids)
        and (request.source is None or indicator.rank(request.source) < len(indicator.sources))
    ]


def accept(settings: Settings, catalog: Catalog, indicator_id: str) -> list[Outcome]:
    """Accept the held answers of an indicator, as known from now on; one outcome per source."""
    (indicator,) = select(catalog, Request((indicator_id,)))
    corrected = read_corrections(settings, catalog)
    with (
        writing(settings),
        opened_as_named(settings, catalog) as warehouse,
        warehouse.transaction(),
    ):
        moment = warehouse.not_before_others(now())
        waiting = {answer.source: answer for answer in warehouse.waiting(indicator.id)}
        if not waiting:
            raise SettingError(f"Nothing of {indicator.id} is held back.")
        load = warehouse.begin_load("accept", moment, moment)
        known = sources(settings, (), catalog.units)
        archive = raw.archive_of(settings)
        outcomes = []
        for source, waits in waiting.items():
            payload = archive.held(source, indicator.id, waits.digest)
            ref = indicator.ref(source)
            if ref is None:
                raise SettingError(f"{indicator.id} is no longer taken from {source}.")
            answer = replace(waits, load=load, known_at=moment, fetched_at=waits.known_at)
            splits = known_splits(catalog, warehouse, indicator)
            reading, added = take_answer(
                warehouse, payload, answer, indicator, ref, known[source],
                Beside(
                    corrected, warehouse.dates(indicator.id), splits, settings.without_secrets
                ),
            )  # fmt: skip
            warehouse.note_answer(load, source, indicator.id, answer.digest)
            warehouse.release(indicator.id, source, load)
            found = reading.observations
            newest = found[-1].date if found else None
            attempts = ((source, ""),)
            outcomes.append(
                Outcome(indicator.id, source, added.new, added.revised, newest, attempts=attempts)
            )
        warehouse.finish_load(load, now(), outcomes)
    return outcomes


def refuse_answers(
    settings: Settings, catalog: Catalog, indicator_id: str, author: str, reason: str
) -> list[Outcome]:
    """Refuse the held answers of an indicator: what is held of it stays, and the same rewriting is
    not asked about again; one outcome per source."""
    (indicator,) = select(catalog, Request((indicator_id,)))
    with (
        writing(settings),
        opened_as_named(settings, catalog) as warehouse,
        warehouse.transaction(),
    ):
        return refusals.refuse_held(warehouse, indicator, author, reason)


def refuse_no_more(
    settings: Settings, catalog: Catalog, indicator_id: str, author: str
) -> list[str]:
    """Let what was refused of an indicator be held back again, if its sources still say it; the
    sources concerned."""
    (indicator,) = select(catalog, Request((indicator_id,)))
    with (
        writing(settings),
        opened_as_named(settings, catalog) as warehouse,
        warehouse.transaction(),
    ):
        return refusals.take_back(warehouse, indicator, author)


def judged(catalog: Catalog, warehouse: Warehouse, moment: datetime) -> tuple[Alert, ...]:
    """The state of every alert at a moment, on the values served."""
    splits = splits_of(warehouse.all_actions())
    return judge_all(catalog, lambda name: [v for v, _ in warehouse.series(name)], moment, splits)


def splits_of(actions_of: Mapping[str, Sequence[Action]]) -> Mapping[str, Sequence[date]]:
    """The days on which shares were split, by indicator."""
    return {
        name: [action.date for action in actions if action.kind == "split"]
        for name, actions in actions_of.items()
    }


def _remembered(
    catalog: Catalog, warehouse: Warehouse
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The last problem of each subject, and the last notice."""
    shown = {*catalog.indicators, *candidates.FINDERS}
    held = [o for o in warehouse.last_outcomes().values() if o.subject in shown]
    problems = [(o.subject, o.problem) for o in held if o.problem]
    return problems, [(o.subject, o.notice) for o in held if o.notice]


class _Run:
    """The state of one run: its files, its sources and its load."""

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog,
        request: Request,
        warehouse: Warehouse,
        out: Upstream,
        watch: RunWatch,
    ) -> None:
        self.settings, self.catalog, self.request = settings, catalog, request
        self.warehouse, self.out, self.watch = warehouse, out, watch
        self.started_at = warehouse.not_before_others(now())
        self.known_at = request.known_at or self.started_at
        self.files: BulletinFiles = read_bulletins(settings)
        self.file_problems: list[FileProblem] = list(self.files.problems)
        self.load = warehouse.begin_load("run", self.started_at, self.known_at)
        watch.begun(self.load, named=len(request.ids), source=request.source or "all",
                    offline=request.offline)  # fmt: skip
        with warehouse.transaction():
            self._keep_bulletins()
            self.documents, self.register_ok = self._documents()
            self.comparisons = self._rows_of(
                "pue_reference", read_comparisons, asdict, lambda row: PueComparison(**row)
            )
            self.provinces = self._rows_of(
                "provinces", read_provinces, ProvinceYardstick.to_json, ProvinceYardstick.from_json
            )
            self.corrections = self._corrections()
            self.once_corrected = warehouse.corrected()
            keep_authored(catalog, warehouse, load=self.load, known_at=self.known_at)
            self.sources = sources(settings, self.documents, catalog.units)
            warehouse.prefer(ranks(catalog, settings.region, self.sources), load=self.load)
        self.unlikely = unlikely(settings.region, self.sources, warehouse)
        #: Date and source of the newest observation served of each indicator.
        self.newest = _days(warehouse.newest_served())
        #: How much was new in the bundled figures of each indicator, or why they were not taken.
        self.figures: dict[str, Appended | FileProblem | CheckFailed] = {}
        #: Notices about the answers that were taken, by indicator and source.
        self.noted: dict[tuple[str, str], Sequence[str]] = {}
        #: What the answers that were held back would rewrite, by indicator and source.
        self.rewritings: dict[tuple[str, str], Rewriting] = {}

    def outcomes(self, wanted: Sequence[Indicator], progress: Progress) -> Iterator[Outcome]:
        """The outcome of each subject as it is done; derived indicators come after their inputs."""
        done: list[Outcome] = []
        for problem in self.file_problems:
            done.append(Outcome(str(problem.path), "file", problem=str(problem)))
            progress(done[-1])
        finders = self._finders()
        with Fetching(self.settings.without_secrets) as answers:
            for indicator in wanted:
                self._ask(indicator, answers)
            for finder in finders:
                since = candidates.first_day(self.warehouse, finder, self.known_at)
                fetch = partial(finder.fetch, since, self.known_at, self.out)
                answers.ask(finder.name, candidates.PAGES, fetch)
            self._take_figures(wanted)  # while the hosts answer
            for indicator in self.catalog.inputs_first(wanted):
                done.append(self._update(indicator, answers))
                progress(done[-1])
            for finder in finders:
                done.append(self._look(finder, answers))
                look = done[-1]
                came = {finder.name: (look.new, look.revised)}
                self.watch.took(finder.name, dict(look.attempts), came)
                progress(done[-1])
        with self.warehouse.transaction():
            self.warehouse.finish_load(self.load, now(), done)
            if self.out.exchanges:
                self.warehouse.keep_exchanges(self.load, self.out.exchanges)
        online = {name for name in self.watch.sources if self._is_online(name)}
        self.watch.answered(self.out.exchanges, online | candidates.FINDERS.keys())
        return iter(done)

    @cached_property
    def archive(self) -> raw.Archive:
        """Where the answers of sources are kept."""
        return raw.archive_of(self.settings)

    @cached_property
    def hurried(self) -> Upstream:
        """The way out to what is not expected to answer."""
        return self.out.hurried(BRIEF_S)

    def _finders(self) -> list[DocumentFinder]:
        """The document finders that the request includes."""
        asked = self.request
        return candidates.asked(self.catalog, asked.ids, asked.source, offline=asked.offline)

    def _look(self, finder: DocumentFinder, answers: Fetching) -> Outcome:
        """Keep what a finder lists and the register does not have."""
        return candidates.look(
            finder,
            partial(answers.answer, finder.name, candidates.PAGES),
            self.warehouse,
            self.documents,
            archive=self.archive,
            load=self.load,
            known_at=self.known_at,
        )

    def bulletins(self) -> list[Bulletin]:
        """The newest good text of every day that has a file."""
        return [
            Bulletin.model_validate_json(text)
            for day, text in self.warehouse.texts("bulletin").items()
            if date.fromisoformat(day) in self.files.days
        ]

    def _keep_bulletins(self) -> None:
        for bulletin in self.files.read:
            self.warehouse.keep_text(
                "bulletin",
                bulletin.date.isoformat(),
                bulletin.model_dump_json(),
                known_at=self.known_at,
                load=self.load,
            )

    def _documents(self) -> tuple[tuple[Document, ...], bool]:
        """The register as it is, or as it last could be read."""
        try:
            documents = read_documents(self.settings, self.bulletins())
        except FileProblem as problem:
            self.file_problems.append(problem)
            held = self.warehouse.texts("policies").get("register")
            return (documents_from_json(held) if held else ()), False
        text = documents_to_json(documents)
        self.warehouse.keep_text(
            "policies", "register", text, known_at=self.known_at, load=self.load
        )
        return documents, True

    def _rows_of(
        self,
        name: str,
        read: Callable[[Settings], tuple[Row, ...]],
        written: Callable[[Row], Any],
        remembered: Callable[[Any], Row],
    ) -> tuple[Row, ...]:
        """The rows of a file beside the figures, as it is or as it last could be read."""
        try:
            found = read(self.settings)
        except FileProblem as problem:
            self.file_problems.append(problem)
            held = self.warehouse.texts("figures").get(name, "[]")
            return tuple(map(remembered, json.loads(held)))
        text = json.dumps([written(row) for row in found], ensure_ascii=False)
        self.warehouse.keep_text("figures", name, text, known_at=self.known_at, load=self.load)
        return found

    def _corrections(self) -> tuple[Correction, ...]:
        """The corrections, from the file as it is or as it last could be read."""
        try:
            found = read_corrections(self.settings, self.catalog)
        except FileProblem as problem:
            self.file_problems.append(problem)
            held = self.warehouse.texts("corrections").get("file")
            file = CorrectionFile.model_validate_json(held) if held else None
            entries = corrections.as_named(file.corrections if file else (), self.catalog)
            return tuple(c for c in entries if c.indicator in self.catalog)
        text = CorrectionFile(corrections=found).model_dump_json()
        self.warehouse.keep_text(
            "corrections", "file", text, known_at=self.known_at, load=self.load
        )
        return found

    def _ask(self, indicator: Indicator, answers: Fetching) -> None:
        """Start asking the online sources of an indicator."""
        for ref in indicator.sources:
            if self._is_online(ref.name) and not self._left_out(ref):
                source, since = self.sources[ref.name], self._since(indicator, ref.name)
                out = self.hurried if ref.name in self.unlikely else self.out
                fetch = partial(source.fetch, indicator, ref.params, since, out)
                answers.ask(ref.name, indicator.id, fetch, _named_host(ref))

    def _update(self, indicator: Indicator, answers: Fetching) -> Outcome:
        """Take every source of the indicator, each independently: the likely ones first, and those
        in order of preference."""
        added: dict[str, Appended] = defaultdict(Appended)
        taken = {"figures"} if indicator.id in self.figures else set()
        problems: dict[str, str] = {}
        notices: list[str] = []
        asked = [
            ref for ref in asked_last(indicator.sources, self.unlikely) if not self._left_out(ref)
        ]
        for ref in asked:
            problems[ref.name] = ""
            try:
                if ref.name in taken:
                    added[ref.name] += self._figures_of(indicator)
                    continue
                added[ref.name] += self._append(indicator, ref, answers)
                notices += self._notices(indicator, ref)
            except (SourceError, FileProblem, CheckFailed) as error:
                problems[ref.name] = str(error)
        for name, settled in self._settled(indicator):
            wrong = settled.sentence or self._misfit(indicator, name, settled)
            if wrong:
                problems[name] = " ".join(filter(None, (problems.get(name), wrong)))
            else:
                added[name] += self._store(indicator, name, settled)
        self._note_newest(indicator, [n for n, one in added.items() if one and n not in taken])
        day, source = self.newest.get(indicator.id, (None, "" if asked else NEEDS_NETWORK))
        came = {name: (one.new, one.revised) for name, one in added.items()}
        self.watch.took(indicator.id, problems, came)
        return Outcome(
            indicator.id,
            source,
            sum(one.new for one in added.values()),
            sum(one.revised for one in added.values()),
            day,
            problem=" ".join(filter(None, dict.fromkeys(problems.values()))),
            notice=" ".join(notices),
            attempts=tuple(problems.items()),
        )

    def _note_newest(self, indicator: Indicator, sources: Sequence[str]) -> None:
        """Note what is served after these sources gave something. Of what only one of them has, as
        in a first run, nothing needs to be chosen, which takes the longest."""
        if len(sources) == 1 and indicator.id not in self.newest:
            (source,) = sources
            if day := self.warehouse.newest(indicator.id, source):
                self.newest[indicator.id] = (day, source)
        elif sources:
            self.newest |= _days(self.warehouse.newest_served(indicator.id))

    def _left_out(self, ref: SourceRef) -> bool:
        if self.request.source not in (None, ref.name):
            return True
        source = self.sources.get(ref.name)
        return self.request.offline and source is not None and source.needs_network(ref.params)

    def _is_online(self, name: str) -> bool:
        source = self.sources.get(name)
        return source is not None and source.online

    def _append(self, indicator: Indicator, ref: SourceRef, answers: Fetching) -> Appended:
        if self._is_online(ref.name):
            return self._append_answer(indicator, ref, answers.answer(ref.name, indicator.id))
        observations = self._accepted(indicator, ref)
        with self.warehouse.transaction():
            return self.warehouse.append(
                indicator.id, ref.name, observations, load=self.load, known_at=self.known_at
            )

    def _take_figures(self, wanted: Sequence[Indicator]) -> None:
        """Store the bundled figures of all indicators at once: one by one, hundreds would take
        longer than their values. Shares wait for the splits that another source may tell."""
        read: dict[str, Sequence[Observation]] = {}
        for indicator in wanted:
            ref = indicator.ref("figures")
            if ref is not None and not self._left_out(ref) and not indicator.may_split:
                try:
                    read[indicator.id] = self._accepted(indicator, ref)
                except (FileProblem, CheckFailed) as error:
                    self.figures[indicator.id] = error
        with self.warehouse.transaction():
            added = self.warehouse.append_all(
                read, "figures", load=self.load, known_at=self.known_at
            )
        self.figures |= {name: added.get(name, Appended()) for name in read}
        if added:
            self.newest = _days(self.warehouse.newest_served())

    def _figures_of(self, indicator: Indicator) -> Appended:
        """How much was new in the bundled figures of an indicator; raises what was wrong with
        them."""
        taken = self.figures[indicator.id]
        if isinstance(taken, Exception):
            raise taken
        return taken

    def _accepted(self, indicator: Indicator, ref: SourceRef) -> Sequence[Observation]:
        """What a source without network has for the indicator, if nothing speaks against it."""
        # What lies in the folder is known, unless the run is asked to forget what is later.
        is_sent = ref.name in ("figures", "manual") and self.request.known_at is None
        fix, splits = self._fix(indicator, ref.name), self._splits(indicator)
        found, held = self._own(indicator, ref), self.warehouse.dates(indicator.id)
        return accepted(indicator, found, self.known_at, splits, fix, held, is_sent=is_sent)

    def _own(self, indicator: Indicator, ref: SourceRef) -> Sequence[Observation]:
        """What a source without network has for the indicator."""
        if ref.name == "derived":
            return derive(self.catalog, indicator, self.warehouse)
        if ref.name == "register" and not self.register_ok:
            raise FileProblem(self.settings.register, "could not be read; the last counts stay.")
        source = self.sources[ref.name]
        payload = source.fetch(indicator, ref.params, FIRST_DAY, self.out)
        found = source.parse(payload, indicator, ref.params)
        self.noted[indicator.id, ref.name] = source.notes(
            payload, indicator, ref.params, self.known_at
        )
        if ref.name == "register":
            return [*found, *self._emptied(indicator, found)]
        return found

    def _append_answer(self, indicator: Indicator, ref: SourceRef, payload: bytes) -> Appended:
        """Keep the answer of an online source, and store its values if nothing speaks against
        them."""
        source = self.sources[ref.name]
        digest = self.archive.keep(ref.name, indicator.id, payload, self.started_at)
        answer = Answer(self.load, self.known_at, ref.name, indicator.id, digest)

        def review(observations: Sequence[Observation]) -> None:
            self._doubt(indicator, ref.name, observations)
            self._hold_back(indicator, ref, source, observations)

        held = self.warehouse.dates(indicator.id)
        hush = self.settings.without_secrets
        beside = Beside(self.corrections, held, self._splits(indicator), hush)
        try:
            with self.warehouse.transaction():
                reading, added = take_answer(
                    self.warehouse, payload, answer, indicator, ref, source, beside, review
                )
                self.warehouse.note_answer(self.load, ref.name, indicator.id, digest)
                self.warehouse.release(indicator.id, ref.name, self.load)
        except HeldBack as error:
            with self.warehouse.transaction():
                self.warehouse.hold(answer, str(error))
                refusals.keep_rewriting(
                    self.warehouse, indicator.id, ref.name, self.rewritings[indicator.id, ref.name],
                    load=self.load, known_at=self.known_at,
                )  # fmt: skip
            raise
        except RefusedAgain:
            with self.warehouse.transaction():
                self.warehouse.release(indicator.id, ref.name, self.load)
            raise
        except (UnexpectedPayload, CheckFailed) as error:
            with self.warehouse.transaction():
                self.warehouse.quarantine(answer, str(error))
            raise
        self.noted[indicator.id, ref.name] = reading.notes
        return added

    def _doubt(
        self, indicator: Indicator, source: str, observations: Sequence[Observation]
    ) -> None:
        """Raise CheckFailed in words if a working source would not say this."""
        wrong = list(checks.stale_repeat(indicator, observations))
        if not self.warehouse.holds(indicator.id, source):
            others = {v.date: v.value for v, _ in self.warehouse.series(indicator.id)}
            wrong += checks.shifted_unit(indicator, observations, others)
        refuse(wrong)

    def _hold_back(
        self,
        indicator: Indicator,
        ref: SourceRef,
        source: Source,
        observations: Sequence[Observation],
    ) -> None:
        """Raise HeldBack in words if the answer rewrites what its source said before, RefusedAgain
        if it does so as a person has refused."""
        since = self._since(indicator, ref.name)
        first = source.reaches_back_to(ref.params, since, self.known_at.date())
        held = self.warehouse.held_values(indicator.id, ref.name, self.known_at)
        held |= {o.date: o.value for o in observations if o.corrected_at}  # is no word of upstream
        held = revisions.answerable(indicator, held)
        found = revisions.rewrite(held, observations, first)
        if found.is_beyond(indicator):
            rewriting = refusals.rewriting_of(found, observations)
            refusal = refusals.refusal_of(self.warehouse, indicator.id, ref.name)
            if refusal and refusal.rewriting and refusal.rewriting.includes(rewriting):
                raise RefusedAgain(refusals.sentence(indicator.id, ref.name, refusal))
            self.rewritings[indicator.id, ref.name] = rewriting
            raise HeldBack(revisions.sentence(indicator, ref.name, found, self.files.days))

    def _splits(self, indicator: Indicator) -> list[Action]:
        return known_splits(self.catalog, self.warehouse, indicator)

    def _fix(self, indicator: Indicator, source: str) -> Fix:
        if source not in self.sources:
            return lambda told: told
        return fix_of(self.corrections, indicator, self.sources[source], self.known_at)

    def _settled(self, indicator: Indicator) -> Iterator[tuple[str, Settled]]:
        """For each corrected value of the indicator, present or past: its source, and what follows
        from what that source last said. No source is asked."""
        for ref in indicator.sources:
            mine = corrections.standing(self.corrections, indicator.id, ref.name, self.known_at)
            once = [d for i, s, d in self.once_corrected if (i, s) == (indicator.id, ref.name)]
            for day in sorted({*mine, *once}):
                told = self.warehouse.told(indicator.id, ref.name, day, self.known_at)
                if day not in mine:
                    yield ref.name, corrections.unsettle(told)
                elif told or self.warehouse.holds(indicator.id, ref.name):
                    precision = self.sources[ref.name].precision
                    yield ref.name, corrections.settle(mine[day], told, precision)

    def _misfit(self, indicator: Indicator, source: str, settled: Settled) -> str:
        """How a value would make a series violate expectations that it satisfies without it."""
        if settled.observation is None:
            return ""
        held = self.warehouse.held_values(indicator.id, source, self.known_at)
        actions = self._splits(indicator)

        def told(values: Mapping[date, float]) -> list[str]:
            series = [Observation(day, value) for day, value in sorted(values.items())]
            return list(checks.problems(indicator, series, self.known_at, actions))

        fixed = told(held | {settled.observation.date: settled.observation.value})
        before = told(held) if fixed else []
        return " ".join(sentence for sentence in fixed if sentence not in before)

    def _store(self, indicator: Indicator, source: str, settled: Settled) -> Appended:
        if settled.observation is None:
            return Appended()
        with self.warehouse.transaction():
            return self.warehouse.append(
                indicator.id, source, [settled.observation], load=self.load,
                known_at=self.known_at, exactly=True,
            )  # fmt: skip

    def _notices(self, indicator: Indicator, ref: SourceRef) -> Iterator[str]:
        """What to report about the answer of a source, though nothing is wrong with it."""
        yield from self.noted.get((indicator.id, ref.name), ())
        if self._is_online(ref.name):
            days = self.warehouse.dates(indicator.id, ref.name)
            yield from checks.no_closes(indicator, days, ref.name)
            for sentence in checks.gaps(indicator, sorted(days)):
                yield f"{sentence[:-1]} ({ref.name})."

    def _emptied(
        self, indicator: Indicator, counts: Sequence[Observation]
    ) -> Iterator[Observation]:
        """A month that was counted before and has no document left counts none."""
        for day in self.warehouse.dates(indicator.id, "register") - {o.date for o in counts}:
            yield Observation(day, 0.0, self.known_at, credit=CREDIT)

    def _since(self, indicator: Indicator, source: str) -> date:
        """The date from which to ask: the newest held, less a window for revisions."""
        newest = self.warehouse.newest(indicator.id, source)
        return newest - timedelta(days=REVISION_DAYS) if newest else FIRST_DAY


def _upstreams(indicators: Iterable[Indicator]) -> set[str]:
    """The names of all that is asked: the sources of indicators and the finders of documents."""
    return {ref.name for one in indicators for ref in one.sources} | candidates.FINDERS.keys()


def _named_host(ref: SourceRef) -> str:
    """The host of the address that the catalog gives a source, where it gives one."""
    addresses = (str(value) for value in ref.params.values() if "://" in str(value))
    return next((address.split("/")[2] for address in addresses), "")


def _days(newest: Mapping[str, Vintage]) -> dict[str, tuple[date, str]]:
    return {name: (one.date, one.source) for name, one in newest.items()}


def broken(catalog: Catalog, actions_of: Mapping[str, Sequence[Action]]) -> Catalog:
    """The catalog as published: with splits as breaks, in derived indicators too."""
    return with_breaks(with_splits(catalog, actions_of), catalog)


def with_splits(catalog: Catalog, actions_of: Mapping[str, Sequence[Action]]) -> Catalog:
    """A split breaks a price series like a new definition, so that no change, average or record is
    calculated across it."""
    known = dict(catalog.indicators)
    for name, actions in actions_of.items():
        splits = [Dated(date=a.date, note=_split_words(a)) for a in actions if a.kind == "split"]
        if splits and name in known:
            breaks = sorted((*known[name].breaks, *splits), key=lambda b: b.date)
            known[name] = known[name].model_copy(update={"breaks": tuple(breaks)})
    return catalog.model_copy(update={"indicators": known})


def _split_words(split: Action) -> Text:
    return Text(zh=f"拆股，1 股变 {split.value:g} 股", en=f"Split, {split.value:g} for 1")
