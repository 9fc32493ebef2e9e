"""What is compared between provinces: the places, the factors of the bulletin, and figures, each
with a source of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self

#: The provinces of the mainland in the order of the statistics, with their English names.
PROVINCES: Mapping[str, str] = {
    "北京": "Beijing", "天津": "Tianjin", "河北": "Hebei", "山西": "Shanxi",
    "内蒙古": "Inner Mongolia", "辽宁": "Liaoning", "吉林": "Jilin", "黑龙江": "Heilongjiang",
    "上海": "Shanghai", "江苏": "Jiangsu", "浙江": "Zhejiang", "安徽": "Anhui", "福建": "Fujian",
    "江西": "Jiangxi", "山东": "Shandong", "河南": "Henan", "湖北": "Hubei", "湖南": "Hunan",
    "广东": "Guangdong", "广西": "Guangxi", "海南": "Hainan", "重庆": "Chongqing",
    "四川": "Sichuan", "贵州": "Guizhou", "云南": "Yunnan", "西藏": "Tibet", "陕西": "Shaanxi",
    "甘肃": "Gansu", "青海": "Qinghai", "宁夏": "Ningxia", "新疆": "Xinjiang",
}  # fmt: skip
FACTORS: Mapping[str, str] = {
    "电力结构": "Power mix",
    "土地效率": "Land use",
    "PUE": "PUE",
    "融资成本": "Cost of finance",
    "人才": "Talent",
    "场景": "Use cases",
}
#: An official figure, one that media report of an official, and a target or limit.
STATUSES = ("official", "reported", "planned")


@dataclass(frozen=True, slots=True)
class ProvinceFigure:
    """One value of a province, in the words of the file, with who published it and when."""

    province: str
    period: str
    value: str
    source: str
    address: str
    public: str
    status: str
    note: str


@dataclass(frozen=True, slots=True)
class ProvinceYardstick:
    """One way to measure a factor: what exactly, in both languages, and its figures."""

    yardstick: str
    factor: str
    title: str
    title_en: str
    unit: str
    unit_en: str
    definition: str
    definition_en: str
    figures: tuple[ProvinceFigure, ...] = ()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """A yardstick as `to_json` wrote it."""
        held = json.loads(text)
        figures = tuple(ProvinceFigure(**one) for one in held.pop("figures"))
        return cls(**held, figures=figures)

    def to_json(self) -> str:
        """The yardstick with its figures as one text."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @property
    def is_ranked(self) -> bool:
        """Whether its figures may be put in order: all of one period and one status, and not all
        the same."""
        is_one = len({(one.period, one.status) for one in self.figures}) == 1
        return is_one and len({float(one.value) for one in self.figures}) > 1
