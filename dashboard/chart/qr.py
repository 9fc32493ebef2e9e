"""Links as QR codes, as SVG and as PNG."""

from __future__ import annotations

import io
from functools import lru_cache

import segno

QUIET = 4  # modules of white around a code, as the standard wants


def modules(link: str, size: float) -> str:
    """The dark modules of a code as one path, in a square of this size with its white margin."""
    rows = [list(row) for row in _code(link).matrix]
    step = size / (len(rows) + 2 * QUIET)
    path = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark
    )
    return (
        f'<path transform="scale({step:.4f}) translate({QUIET} {QUIET})" fill="#000" d="{path}"/>'
    )


def side(link: str) -> int:
    """How many modules a code is wide, with its white margin."""
    return int(_code(link).symbol_size(border=QUIET)[0])


def qr_png(link: str, scale: int = 8) -> bytes:
    """The code as PNG, so many pixels a module."""
    out = io.BytesIO()
    _code(link).save(out, kind="png", scale=scale, border=QUIET)
    return out.getvalue()


def qr(link: str, size: int = 240) -> str:
    """The code as an SVG document."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" '
        f'viewBox="0 0 {size} {size}" shape-rendering="crispEdges" role="img">'
        f"<title>QR</title>"
        f'<rect width="{size}" height="{size}" fill="#fff"/>{modules(link, size)}</svg>'
    )


@lru_cache(maxsize=64)
def _code(link: str) -> segno.QRCode:
    return segno.make(link, error="m", micro=False)
