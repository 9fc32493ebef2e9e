"""The colours of charts, by name: for pictures that stand alone, and as variables of a page."""

from __future__ import annotations

from collections.abc import Mapping

Palette = Mapping[str, str]

LIGHT: Palette = {
    "paper": "#fbfaf7", "ink": "#1d1d1b", "muted": "#6b6a65", "rule": "#dcd9d0", "gold": "#8a5d0f",
    "red": "#b8252b", "green": "#1a7440",
    "c0": "#1f4e79", "c1": "#b4531a", "c2": "#2a7568", "c3": "#7a4b94",
}  # fmt: skip
DARK: Palette = {
    "paper": "#15171a", "ink": "#e8e6e1", "muted": "#a09f98", "rule": "#34373c", "gold": "#e0ac4d",
    "red": "#ff7b78", "green": "#55c98c",
    "c0": "#8db7e0", "c1": "#f0a468", "c2": "#6cc7b4", "c3": "#c8a0e0",
}  # fmt: skip
VARIABLES: Palette = {name: f"var(--{name})" for name in LIGHT}
SANS = "-apple-system,'PingFang SC','HarmonyOS Sans SC','Noto Sans CJK SC','Noto Sans SC','Microsoft YaHei',sans-serif"  # noqa: E501


def rules(colours: Palette, inside: str = "") -> str:
    """The style of everything that a chart draws, within the elements that `inside` selects."""
    series = [
        (f".c{n}", f"color:{colours[f'c{n}']}") for n in range(4)
    ]  # each line takes the colour of its group
    styles = [
        ("text", f"fill:{colours['muted']};font-family:{SANS}"),
        (".v", f"fill:{colours['ink']};font-weight:600"),
        (".n", "fill:currentColor"),
        (".g", f"stroke:{colours['rule']};stroke-width:1"),
        (".z", f"stroke:{colours['muted']};stroke-width:1"),
        *series,
        (".l", "fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round;"
               "stroke-linecap:round"),
        (".p", "stroke-dasharray:2 4;stroke-width:1.5;opacity:.65"),
        (".c1 .l", "stroke-width:1.8"),
        (".d", "fill:currentColor"),
        (".o", f"fill:{colours['paper']};stroke:currentColor;stroke-width:1.5"),
        (".m", f"stroke:{colours['gold']};stroke-dasharray:5 4"),
        (".t", f"stroke:{colours['green']};stroke-dasharray:2 3"),
        (".k", f"stroke:{colours['muted']};stroke-dasharray:1 3"),
        (".mt", f"fill:{colours['gold']}"),
        (".tt", f"fill:{colours['green']}"),
        (".u", f"fill:{colours['muted']}"),
        (".e", f"fill:none;stroke:{colours['muted']};stroke-width:1"),
    ]  # fmt: skip
    return "".join(f"{inside}{selector}{{{style}}}" for selector, style in styles)


def style(theme: str, inside: str = "") -> str:
    """The style of a chart in a theme; `auto` follows the reader's system."""
    if theme == "auto":
        dark = rules(DARK, inside)
        return f"{rules(LIGHT, inside)}@media(prefers-color-scheme:dark){{{dark}}}"
    return rules(DARK if theme == "dark" else LIGHT, inside)
