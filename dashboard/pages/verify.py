"""/verify and /verify/CODE: whether what a picture says still holds, in one sentence first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from dashboard import formatting
from dashboard.address import AddressError, ChartAddress, MovedError
from dashboard.chart_page import short_links
from dashboard.chart_page.check_codes import PAGE, asked_for, check_code, plain_code
from dashboard.chart_page.page import lasting_address
from dashboard.chart_page.since import OUTCOMES, Became, Since, dated, since
from dashboard.chart_page.view import View, known_then, view
from dashboard.data import queries
from dashboard.export.table import provenance
from dashboard.pages.page import Page, PageRequest, wrong_parameter
from dashboard.provenance import provenance_words
from etl.corrections import Correction
from etl.records import Vintage

#: What is longer is no code and no address of ours.
MOST = 2000


@dataclass(frozen=True, slots=True)
class CheckedValue:
    """One value of a picture: what became of it, since when that is known, and from where."""

    sentence: str
    known: str
    source: str
    source_href: str


@dataclass(frozen=True, slots=True)
class CheckForm:
    """The field for a code: where it is sent, what was typed, and what is wrong with it."""

    action: str
    typed: str = ""
    problem: str = ""
    hints: tuple[str, ...] = ()


def layout(request: PageRequest, code: str) -> Page:
    """The page of a code, or the field for one; 404 in words where the code means nothing."""
    typed = (code or request.query.get("code", ""))[:MOST]
    action = request.urls.form(PAGE)
    if not typed.strip():
        return _page(request, CheckForm(action), request.say("verify"), 200)
    catalog = request.snapshot.catalog
    try:
        address = asked_for(typed, catalog, datetime.now(UTC))
        seen = view(request.snapshot, replace(address, lang=request.lang))
        frozen = lasting_address(seen)
        then = seen if seen.address.as_of or not frozen.as_of else view(seen.snapshot, frozen)
    except (AddressError, MovedError) as error:
        if isinstance(error, AddressError) and error.parameter in ("code", "id"):
            form = CheckForm(action, typed[:100], *_problem(request, typed, error))
            return _page(request, form, request.say("check_none"), 404)
        return wrong_parameter(request, error)
    return _answer(request, then, address, CheckForm(action))


def _page(request: PageRequest, form: CheckForm, title: str, status: int) -> Page:
    lead = form.problem or request.say("verify_lead")
    return Page(title, "verify", {"form": form, "checked": None}, description=lead, status=status)


def _answer(request: PageRequest, then: View, asked: ChartAddress, form: CheckForm) -> Page:
    urls, lang = request.urls, request.lang
    found = since(then)
    values = [_value(request, one, then) for one in found.became]
    moment = formatting.beijing(then.address.as_of, lang) if then.address.as_of else ""
    verdict = _verdict(request, found)
    sentences = [request.say("check_live")] if asked.as_of is None else []
    sentences += [] if values else [request.say("empty_chart")]
    is_frozen = then.address.as_of is not None
    return Page(
        title=verdict,
        template="verify",
        description="".join((*sentences, *(one.sentence for one in values)))[:300],
        context={
            "form": form,
            "checked": then,
            "sentences": sentences,
            "holds": all(one.outcome in ("holds", "newer") for one in found.became),
            "values": values,
            "known": known_then(then, moment) if moment else "",
            "revised": found.revised,
            "code": check_code(then),
            "picture": urls.chart(then.address, ".png"),
            "frozen": urls.chart(then.address) if is_frozen else "",
            "since": urls.chart(then.address, "/since") if is_frozen and found.both else "",
            "live": urls.chart(replace(then.address, as_of=None)),
            "corrections": urls.page("/corrections"),
        },
    )


def _verdict(request: PageRequest, found: Since) -> str:
    """The gravest outcome; how many of several it met."""
    if not found.became:
        return request.say("check_nothing")
    outcomes = [one.outcome for one in found.became]
    gravest = min(outcomes, key=OUTCOMES.index)
    count = outcomes.count(gravest)
    if gravest in ("holds", "newer") or len(outcomes) == 1:
        return request.say(f"check_{gravest}")
    words = request.say(f"check_{gravest}")
    return request.say("check_some", count=str(count), of=str(len(outcomes)), outcome=words)


def _value(request: PageRequest, one: Became, seen: View) -> CheckedValue:
    lang, then = request.lang, one.then
    indicator = then.part.indicator
    now = one.vintage or then.vintage
    source = provenance_words(provenance(now), indicator.id, seen.snapshot.catalog, lang)
    day = formatting.day(then.vintage.date, indicator, lang, year=True)
    newest = "" if one.is_newest or one.newest is None else dated(one.newest, lang)
    correction = _correction(request, indicator.id, one.vintage)
    sentence = request.say(
        f"check_{one.outcome}_long", who=indicator.title.in_(lang), day=day,
        then=then.said, now=one.said, source=source,
        moment=formatting.full_date(correction.since, lang) if correction
        else formatting.beijing(now.known_at, lang),
        reason=correction.reason.in_(lang) if correction else now.note,
    )  # fmt: skip
    if newest:
        sentence += request.say("check_newest_is", value=newest)
    return CheckedValue(
        sentence=sentence,
        known=formatting.beijing(now.known_at, lang),
        source=source,
        source_href=indicator.credit.url,
    )


def _correction(request: PageRequest, name: str, vintage: Vintage | None) -> Correction | None:
    """The entry by which a value was corrected."""
    if vintage is None:
        return None
    wanted = (name, vintage.date, vintage.source, vintage.value)
    for entry in queries.corrections(request.snapshot):
        if (entry.indicator, entry.date, entry.source, entry.value) == wanted:
            return entry
    return None


def _problem(request: PageRequest, typed: str, error: AddressError) -> tuple[str, tuple[str, ...]]:
    """Why nothing was found, and what to look at."""
    code = plain_code(typed)
    if error.parameter == "id":
        return str(error), ()
    strange = "".join(dict.fromkeys(c for c in code if c not in short_links.ALPHABET))[:12]
    if short_links.is_whole(code):
        return request.say("check_unknown"), ()
    problem = request.say("check_letters", letters=" ".join(strange)) if strange else (
        request.say("check_mistyped")
    )  # fmt: skip
    return problem, (request.say("check_hint_letters"), request.say("check_hint_case"),
                     request.say("check_hint_address"))  # fmt: skip
