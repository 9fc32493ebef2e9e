"""/about: how the figures are made, and whom to thank; generated from the catalog."""

from __future__ import annotations

from itertools import groupby

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.address import AddressError
from dashboard.chart_page.report_mail import PAGE as CORRECTIONS
from dashboard.components.listing import further
from dashboard.pages.indicator import publication_words
from dashboard.pages.page import Page, PageRequest, message
from dashboard.pages.paging import paged
from dashboard.texts import text
from etl.catalog import Indicator

A_PAGE = 200
_METHOD = (
    (
        "每个数都有来历",
        "每个数值都带单位、日期和来源，也记着它何时可知。随项目附带的历史数据标作“随附”；"
        "缺的就空着，不补零，不插值，也不拿别的序列顶替。",
        "Every number has a history",
        "Each value carries its unit, date and source, and when it became known. Bundled history is "
        "labelled so. Missing stays missing: never zero, never interpolated, never another series.",
    ),
    (
        "按当时所知来看",
        "数值修订后，旧值不删，另存一版。看某一天的动态，页上只用那天结束时（北京时间）"
        "已经公布的数值；此后的新值另行标出。",
        "As it was known",
        "A revision never replaces the value before: it is kept as a new vintage. A bulletin's page "
        "uses only what was public by the end of its day, Beijing time; newer values are marked.",
    ),
    (
        "口径不同，不混用",
        "现货、期货、月均价是不同的指标，彼此不替代。口径变动处断线，不作跨口径比较。",
        "Different quantities stay apart",
        "Spot, futures and monthly averages are different indicators and never stand in for one "
        "another. Lines break where a definition changes.",
    ),
    (
        "纪录与关口",
        "“历史新高”“历史新低”“首次”只在确知时才说：历史从头逐期存全，或目录载有此前的历史最高、最低值"
        "及其出处。其余只说所存数据里的高低，如“2015 年以来最高（月末值）”。升破、跌破整数关口，"
        "以当日值与前一期的值比较；前一期的值没有存，只说高于或低于。",
        "Records and round numbers",
        "“Record” and “first” are said only where they are surely true: the history is held whole "
        "from its beginning, or the catalog gives the extreme of all time with its source. Elsewhere "
        "the words name what is held: “Highest since 2015 (month-end values)”. A round number is "
        "crossed between one value and the next.",
    ),
    (
        "政策怎样计数",
        "数的是登记册里当月公布（公布日不详的按成文日）的国家机构文件，联合发文计一次。同一文件"
        "先认文号，无文号则认标题与发文机构。征求意见稿、复函、解读和媒体报道不计。动态引用而登记册"
        "未收的，补入并注明“动态引用”。",
        "How policies are counted",
        "Counted are documents of national bodies in our register, in the month of publication (of "
        "issue, where that is unknown); a joint document once. A document is identified by its "
        "number, else by title and issuer. Drafts, replies, interpretations and media are not "
        "counted. What only a bulletin cites is added and marked.",
    ),
)


def layout(visit: PageRequest) -> Page:
    catalog = visit.snapshot.catalog
    title = text("about", visit.lang)
    order = list(catalog.groups)
    try:
        every = sorted(catalog.all(), key=lambda i: order.index(i.group))
        page = paged(visit.query.get("page", ""), every, A_PAGE)
    except AddressError as error:
        return message(text("wrong_address", visit.lang), str(error), visit.chosen, error.status)
    credits = [
        html.Section([html.H3(catalog.groups[name].title.in_(visit.lang)),
                      *[_credit(visit, i) for i in group]])
        for name, group in groupby(page.shown, key=lambda i: i.group)
    ]  # fmt: skip
    body = html.Section(
        [
            html.H1(title),
            html.H2(text("method", visit.lang)),
            *[_method(visit, entry) for entry in _METHOD],
            html.P(
                [
                    text("corrections_are", visit.lang),
                    dcc.Link(text("corrections", visit.lang), href=visit.chosen.href(CORRECTIONS)),
                ]
            ),
            html.H2(text("credits", visit.lang)),
            *credits,
            further(page, lambda number: visit.chosen.href("/about", page=number), visit.lang),
        ],
        className="narrow about",
    )
    return Page(title, [body], title)


def _method(visit: PageRequest, entry: tuple[str, str, str, str]) -> Component:
    title, words = entry[2:] if visit.lang == "en" else entry[:2]
    return html.Section([html.H3(title), html.P(words)])


def _credit(visit: PageRequest, indicator: Indicator) -> Component:
    lang = visit.lang
    colon = "：" if lang == "zh" else ": "
    return html.Div(
        [
            dcc.Link(
                indicator.title.in_(lang), href=visit.chosen.href(f"/indicators/{indicator.id}")
            ),
            html.P(indicator.definition.in_(lang)),
            html.P(
                [
                    text("source_is", lang, source=""),
                    html.A(
                        indicator.credit.name.in_(lang), href=indicator.credit.url, rel="noopener"
                    ),
                    f" · {text('licence', lang)}{colon}{indicator.credit.licence.in_(lang)}"
                    f" · {text('publication', lang)}{colon}{publication_words(indicator, lang)}",
                ],
                className="quiet",
            ),
        ],
        className="credit",
        id=f"credit-{indicator.id}",
    )
