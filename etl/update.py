"""One run, top to bottom: fetch, keep, parse, check, append, derive, publish."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from etl import raw, revisions
from etl.bulletins.model import Bulletin
from etl.catalog import SOURCE_PARAMS, Catalog, Indicator, SourceRef
from etl.checks import problems as problems_of
from etl.derived import EVERY_VINTAGE, FORMULAS, Series
from etl.errors import CheckFailed, FileProblem, HeldBack, SettingError, SourceError, nearest
from etl.inputs import BulletinFiles, read_bulletins, read_documents
from etl.observation import Observation, now
from etl.policies import Document, documents_from_json, documents_to_json
from etl.publish import all_content, publish
from etl.settings import Settings
from etl.sources import sources
from etl.upstream import Upstream
from etl.warehouse import Answer, Appended, Outcome, Warehouse, lock, opened

FIRST_DAY = date(1776, 7, 4)
#: How far back an update asks again, so that revisions are seen.
REVISION_DAYS = 60
SHOWN_PROBLEMS = 3
NEEDS_NETWORK = "not asked (offline)"


@dataclass(frozen=True, slots=True)
class Request:
    """What one run is asked to do. Without `ids` and `source` it does everything."""

    ids: tuple[str, ...] = ()
    source: str | None = None
    offline: bool = False
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What one run did: an outcome per subject, and the snapshot it published, if any."""

    outcomes: tuple[Outcome, ...]
    snapshot: str | None
    unreachable: tuple[str, ...]

    @property
    def exit_status(self) -> int:
        return 1 if any(outcome.problem for outcome in self.outcomes) else 0


Progress = Callable[[Outcome], None]


def run(
    settings: Settings,
    catalog: Catalog,
    request: Request,
    progress: Progress,
    way_out: Upstream | None = None,
) -> Report:
    """Update what is asked, publish it, and say what happened to each subject.

    One failed indicator never stops the others: its last good values stay, with their date.
    `way_out` stands in for the network, where a caller brings its own.
    """
    wanted = select(catalog, request)
    with lock(settings.lock), opened(settings.warehouse) as warehouse:
        with way_out or Upstream(settings) as out:
            step = _Run(settings, catalog, request, warehouse, out)
            outcomes = list(step.outcomes(wanted, progress))
        problems = _remembered_problems(catalog, warehouse)
        content = all_content(catalog, step.bulletins(), step.documents, problems)
        snapshot = publish(warehouse, content, settings.published, now())
        return Report(tuple(outcomes), snapshot, tuple(sorted(set(out.unreachable.values()))))


def select(catalog: Catalog, request: Request) -> list[Indicator]:
    """The indicators that are asked for, in the order of the catalog."""
    for name in request.ids:
        if name not in catalog:
            raise SettingError(f"Unknown indicator '{name}'. {nearest(name, catalog.indicators)}")
    known = SOURCE_PARAMS
    if request.source is not None and request.source not in known:
        raise SettingError(f"Unknown source '{request.source}'. {nearest(request.source, known)}")
    return [
        indicator
        for indicator in catalog.all()
        if (not request.ids or indicator.id in request.ids)
        and (request.source is None or indicator.rank(request.source) < len(indicator.sources))
    ]


def accepted(
    indicator: Indicator, found: Iterable[Observation], known_at: datetime
) -> list[Observation]:
    """What was public by `known_at`, dated, in order, repeated rows once; CheckFailed in words if
    it breaks expectations."""
    dated = {(o.date, o.value, o.public_at): o for o in _dated(indicator, found)}  # repeats once
    observations = sorted(
        (o for o in dated.values() if _is_public(o, known_at)),
        key=lambda o: (o.date, o.public_at or known_at),
    )
    # What lies beyond today is wrong, not merely unpublished: it is judged by the real clock.
    today = max(known_at, now())
    ahead = [o for o in dated.values() if o.date > today.date() and not _is_public(o, known_at)]
    wrong = [
        *problems_of(indicator, ahead[:1], today),
        *problems_of(indicator, observations, known_at),
    ]
    if wrong:
        more = len(wrong) - SHOWN_PROBLEMS
        tail = f" … and {more} more." if more > 0 else ""
        raise CheckFailed(" ".join(wrong[:SHOWN_PROBLEMS]) + tail)
    return observations


def accept(settings: Settings, catalog: Catalog, indicator_id: str) -> list[Outcome]:
    """Take what was held back of an indicator, as known from now on; one outcome a source."""
    (indicator,) = select(catalog, Request((indicator_id,)))
    moment = now()
    with lock(settings.lock), opened(settings.warehouse) as warehouse, warehouse.transaction():
        waiting = {answer.source: answer for answer in warehouse.waiting(indicator.id)}
        if not waiting:
            raise SettingError(f"Nothing of {indicator.id} is held back.")
        load = warehouse.begin_load("accept", moment, moment)
        known = sources(settings, ())
        outcomes = []
        for source, answer in waiting.items():
            payload = raw.held(settings.raw, source, indicator.id, answer.digest)
            ref = indicator.ref(source)
            if ref is None:
                raise SettingError(f"{indicator.id} is no longer taken from {source}.")
            found = accepted(indicator, known[source].parse(payload, indicator, ref.params), moment)
            added = warehouse.append(indicator.id, source, found, load=load, known_at=moment)
            warehouse.note_answer(load, source, indicator.id, answer.digest)
            warehouse.release(indicator.id, source, load)
            newest = found[-1].date if found else None
            outcomes.append(Outcome(indicator.id, source, added.new, added.revised, newest))
        warehouse.finish_load(load, now(), outcomes)
    return outcomes


def _remembered_problems(catalog: Catalog, warehouse: Warehouse) -> list[tuple[str, str]]:
    held = warehouse.last_outcomes()
    return [(o.subject, o.problem) for o in held.values() if o.problem and o.subject in catalog]


class _Run:
    """The state of one run: its files, its sources and its load."""

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog,
        request: Request,
        warehouse: Warehouse,
        out: Upstream,
    ) -> None:
        self.settings, self.catalog, self.request = settings, catalog, request
        self.warehouse, self.out = warehouse, out
        self.started_at = now()
        self.known_at = request.known_at or self.started_at
        self.files: BulletinFiles = read_bulletins(settings)
        self.file_problems: list[FileProblem] = list(self.files.problems)
        self.load = warehouse.begin_load("run", self.started_at, self.known_at)
        with warehouse.transaction():
            self._keep_bulletins()
            self.documents, self.register_ok = self._documents()
            warehouse.prefer(_ranks(catalog))
        self.sources = sources(settings, self.documents)

    def outcomes(self, wanted: Sequence[Indicator], progress: Progress) -> Iterator[Outcome]:
        """Each subject's outcome as it is done; derived indicators come last."""
        done: list[Outcome] = []
        for problem in self.file_problems:
            done.append(Outcome(str(problem.path), "file", problem=str(problem)))
            progress(done[-1])
        for indicator in sorted(wanted, key=_is_derived):
            done.append(self._update(indicator))
            progress(done[-1])
        with self.warehouse.transaction():
            self.warehouse.finish_load(self.load, now(), done)
        return iter(done)

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
        """The register as it stands, or as it last could be read."""
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

    def _update(self, indicator: Indicator) -> Outcome:
        """Ask every source of the indicator in order of preference; each stands for itself."""
        added = Appended()
        problems: list[str] = []
        asked = 0
        for ref in indicator.sources:
            if self._left_out(ref):
                continue
            asked += 1
            try:
                one = self._append(indicator, ref)
                added = Appended(added.new + one.new, added.revised + one.revised)
            except (SourceError, FileProblem, CheckFailed) as error:
                problems.append(str(error))
        newest = self.warehouse.newest_served(now(), indicator.id).get(indicator.id)
        return Outcome(
            indicator.id,
            newest.source if newest else ("" if asked else NEEDS_NETWORK),
            added.new,
            added.revised,
            newest.date if newest else None,
            " ".join(dict.fromkeys(problems)),
        )

    def _left_out(self, ref: SourceRef) -> bool:
        if self.request.source not in (None, ref.name):
            return True
        return self.request.offline and self._is_online(ref.name)

    def _is_online(self, name: str) -> bool:
        source = self.sources.get(name)
        return source is not None and source.online

    def _append(self, indicator: Indicator, ref: SourceRef) -> Appended:
        if ref.name == "register" and not self.register_ok:
            raise FileProblem(self.settings.register, "could not be read; the last counts stay.")
        digest = ""
        if ref.name == "derived":
            found: Sequence[Observation] = self._derive(ref)
        else:
            source = self.sources[ref.name]
            payload = source.fetch(
                indicator, ref.params, self._since(indicator, ref.name), self.out
            )
            if source.online:
                folder = self.settings.raw
                digest = raw.keep(folder, ref.name, indicator.id, payload, self.started_at)
            found = source.parse(payload, indicator, ref.params)
        if ref.name == "register":
            found = [*found, *self._emptied(indicator, found)]
        observations = accepted(indicator, found, self.known_at)
        if digest:
            self._hold_back(indicator, ref.name, digest, observations)
        with self.warehouse.transaction():
            if digest:
                self.warehouse.note_answer(self.load, ref.name, indicator.id, digest)
                self.warehouse.release(indicator.id, ref.name, self.load)
            return self.warehouse.append(
                indicator.id, ref.name, observations, load=self.load, known_at=self.known_at
            )

    def _hold_back(
        self, indicator: Indicator, source: str, digest: str, observations: list[Observation]
    ) -> None:
        """HeldBack in words if the answer rewrites what its source said before."""
        held = self.warehouse.held_values(indicator.id, source)
        found = revisions.rewrite(held, observations)
        if not found.is_beyond(indicator):
            return
        words = revisions.sentence(indicator, source, found, self.files.days)
        answer = Answer(self.load, self.known_at, source, indicator.id, digest)
        with self.warehouse.transaction():
            self.warehouse.hold(answer, words)
        raise HeldBack(words)

    def _emptied(
        self, indicator: Indicator, counts: Sequence[Observation]
    ) -> Iterator[Observation]:
        """A month that was counted before and has no document any more counts none."""
        for day in self.warehouse.dates(indicator.id, "register") - {o.date for o in counts}:
            yield Observation(day, 0.0, self.known_at, credit="data/policies.csv")

    def _since(self, indicator: Indicator, source: str) -> date:
        """What is newer than the warehouse holds, less a window for revisions."""
        newest = self.warehouse.newest(indicator.id, source)
        return newest - timedelta(days=REVISION_DAYS) if newest else FIRST_DAY

    def _derive(self, ref: SourceRef) -> list[Observation]:
        inputs, formula = FORMULAS[str(ref.params["formula"])]
        return formula({name: self._input(name) for name in inputs})

    def _input(self, name: str) -> Series:
        if name in EVERY_VINTAGE:
            return self.warehouse.vintages(name, self.known_at)
        return self.warehouse.series(name, self.known_at)


def _ranks(catalog: Catalog) -> Iterable[tuple[str, str, int]]:
    return [(i.id, ref.name, n) for i in catalog.all() for n, ref in enumerate(i.sources)]


def _is_derived(indicator: Indicator) -> bool:
    return any(ref.name == "derived" for ref in indicator.sources)


def _dated(indicator: Indicator, observations: Iterable[Observation]) -> list[Observation]:
    """Each observation with the moment it was public: as its source says, else by the catalog."""
    return [
        o if o.public_at else replace(o, public_at=indicator.public_at(o.date))
        for o in observations
    ]


def _is_public(observation: Observation, moment: datetime) -> bool:
    return observation.public_at is None or observation.public_at <= moment
