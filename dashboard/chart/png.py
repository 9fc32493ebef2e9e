"""A picture as PNG, drawn from its SVG without a browser."""

from __future__ import annotations

import resvg_py

from dashboard.chart.fonts import Font


def png(svg: str, font: Font) -> bytes:
    """The pixels of an SVG, lettered in one font and nothing of the system."""
    return resvg_py.svg_to_bytes(
        svg_string=svg, font_files=[str(font.file)], skip_system_fonts=True
    )
