"""The bodies that an issuer line names, and whether they are national."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_NATIONAL = re.compile(
    r"国务院|中共中央|全国人(民代表)?大(会)?|全国政协|中央[一-龥]{1,6}办|国家[一-龥]{1,12}(局|委|办公室)"
    r"|(工业和信息化|财政|科学技术|科技|教育|商务|农业农村|自然资源|生态环境|交通运输|水利|公安|民政|司法"
    r"|住房城乡建设|住房和城乡建设|人力资源社会保障|人力资源和社会保障|文化和旅游|应急管理|外交|国防)部(?!门)"
    r"|中国人民银行|最高人民(法院|检察院)|国资委|证监会|(市场监管|税务|金融监管|国家广播电视)总局|海关总署"
)

_LOCAL = re.compile(r"^[一-龥]{2,8}?(省|市(?!场)|自治区|自治州|县)")

_PRESS = re.compile(
    r"(日报|晚报|时报|周报|新闻(?!办|出版)|财经|光明网|新华|人民网|央视|周刊|杂志|海外版|通讯社|Reuters)"
)

#: An office of a body stands for it.
_OFFICE = re.compile(r"(综合司|办公厅|办公室)$")


def is_national(issuer: str) -> bool:
    """Whether a national body issued it."""
    return bool(_NATIONAL.search(issuer)) and not (_LOCAL.match(issuer) or is_press(issuer))


def is_press(issuer: str) -> bool:
    """Whether it is a newspaper, an agency or a site of news."""
    return bool(_PRESS.search(issuer))


@lru_cache(maxsize=8192)
def bodies_in(issuer: str) -> tuple[str, ...]:
    """The bodies that an issuer line names, in its order: without 等…部门, their offices and who
    forwards it."""
    text = unicodedata.normalize("NFKC", issuer).split("转发")[-1]
    named = re.split(r"[、,，;；\s]+", text.partition("等")[0])
    return tuple(name for body in named if (name := _OFFICE.sub("", body)))
