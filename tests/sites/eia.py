"""EIA: the workbooks of its spot prices, the table of the Monthly Energy Review, and its API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from upstreams import Answer, Price, bent, cell, json_answer

from sites.days import monthly, october
from sites.xls import workbook

KEY = "eia-key-for-tests-0123456789"
#: What each series is, and its unit in a file and in the API.
NAMES = {
    "RBRTE": ("Europe Brent Spot Price FOB", "Dollars per Barrel", "$/BBL"),
    "RWTC": ("Cushing, OK WTI Spot Price FOB", "Dollars per Barrel", "$/BBL"),
    "RNGWHHD": ("Henry Hub Natural Gas Spot Price", "Dollars per Million Btu", "$/MMBTU"),
    "ESICUUS": ("Average Retail Price of Electricity, Industrial",
                "Cents per Kilowatthour, Including Taxes",
                "Cents per Kilowatthour, Including Taxes"),
}  # fmt: skip
_XLS, _CSV = "application/vnd.ms-excel", "text/csv"


@dataclass
class EiaSite:
    """What EIA holds, by the code of the series."""

    series: dict[str, list[Price]] = field(
        default_factory=lambda: {
            "RBRTE": october(95.001), "RWTC": october(88.001), "RNGWHHD": october(2.9),
            "ESICUUS": monthly(8.6),
        }
    )  # fmt: skip
    hosts: frozenset[str] = frozenset({"www.eia.gov", "api.eia.gov"})
    page_rows: int = 5_000

    def answer(
        self, host: str, place: str, query: dict[str, str], headers: dict[str, str], how: str
    ) -> Answer | None:
        if host == "api.eia.gov":
            return self._api(place, query, how)
        code = place.rpartition("/")[2].removesuffix("d.xls")
        if code in self.series and "/hist_xls/" in place:
            return Answer(200, _XLS, _workbook(code, self.series[code], how))
        if place == "/totalenergy/data/browser/csv.php" and query.get("tbl") == "T09.08":
            return Answer(200, _CSV, _table(self.series["ESICUUS"], how))
        return None

    def _api(self, place: str, query: dict[str, str], how: str) -> Answer | None:
        if query.get("api_key") != KEY:
            words = {"code": "API_KEY_INVALID", "message": "An invalid api_key was supplied."}
            return json_answer({"error": words}, 403)
        facet = "msn" if place == "/v2/total-energy/data/" else "series"
        code = query.get(f"facets[{facet}][]", "")
        if code not in self.series:
            return None
        told = [
            {"period": str(day)[: 7 if facet == "msn" else 10], facet: code,
             "value": None if value is None else str(value),
             "unit" if facet == "msn" else "units": NAMES[code][2]}
            for day, value in bent(self.series[code], how)
            if str(day) >= query.get("start", "")
        ]  # fmt: skip
        offset = int(query["offset"])
        page = told[offset : offset + min(self.page_rows, int(query["length"]))]
        return json_answer({
            "response": {"total": str(len(told)), "dateFormat": "YYYY-MM-DD", "data": page},
            "request": {"command": place, "params": {"api_key": KEY}},
            "apiVersion": "2.1.9",
        })  # fmt: skip


def _workbook(code: str, rows: Sequence[Price], how: str) -> bytes:
    name, unit, _ = NAMES[code]
    unit = "Euros per Barrel" if how == "other-currency" else unit
    key = "Key" if how == "renamed-column" else "Sourcekey"
    more = ["RCLC1"] if how == "extra-column" else []
    code = "RCLC1" if how == "other-series" else code
    return workbook({
        "Contents": [["", "Workbook Contents"]],
        "Data 1": [
            ["Back to Contents", f"Data 1: {name} ({unit})"], [key, code, *more],
            ["Date", f"{name} ({unit})", *more], *([day, value] for day, value in bent(rows, how)),
        ],
    })  # fmt: skip


def _table(rows: Sequence[Price], how: str) -> bytes:
    name, unit, _ = NAMES["ESICUUS"]
    unit = "Euro Cents per Kilowatthour" if how == "other-currency" else unit
    code = "ESCMUUS" if how == "other-series" else "ESICUUS"
    value_column = "Price" if how == "renamed-column" else "Value"
    more = ",Note" if how == "extra-column" else ""
    years = {f"{day.year}13": 8.5 for day, _ in rows}
    cells = [
        (f"{day:%Y%m}", "Not Available" if v is None else cell(v)) for day, v in bent(rows, how)
    ]
    lines = [f"MSN,YYYYMM,{value_column},Column_Order,Description,Unit{more}"]
    lines += [f'ESRCUUS,{month},17.1,1,"Residential","{unit}"' for month, _ in cells]
    lines += [
        f'{code},{month},{value},3,"{name}","{unit}"'
        for month, value in [*cells, *((year, repr(value)) for year, value in years.items())]
    ]
    return "".join(f"{line}\n" for line in lines).encode()
