"""Growth of an incident as a small SVG: how many posts there were, up to now."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

_EDGE = 3  # room for the dot and the line's thickness


def sparkline(totals: Sequence[int], label: str, width: int = 120, height: int = 32) -> Markup:
    """A line over `totals` (the running total at equal steps of time, the last one is now).

    `label` is what a screen reader says. Fewer than two points give a flat line.
    """
    points = _points(totals, width, height)
    line = " ".join(f"{x:g},{y:g}" for x, y in points)
    floor = height - _EDGE
    (first_x, _), (last_x, last_y) = points[0], points[-1]
    return Markup(
        '<svg class="spark" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img"'
        ' aria-label="{label}"><title>{label}</title>'
        '<polygon class="spark-area" points="{fx:g},{floor} {line} {lx:g},{floor}"/>'
        '<polyline class="spark-line" points="{line}"/>'
        '<circle class="spark-now" cx="{lx:g}" cy="{ly:g}" r="2.5"/></svg>'
    ).format(
        w=width, h=height, label=escape(label), line=line, floor=floor,
        fx=first_x, lx=last_x, ly=last_y,
    )  # fmt: skip


def _points(totals: Sequence[int], width: int, height: int) -> list[tuple[float, float]]:
    values = list(totals) or [0]
    if len(values) == 1:
        values *= 2
    low, high = min(values), max(values)
    step = (width - 2 * _EDGE) / (len(values) - 1)
    rise = (height - 2 * _EDGE) / ((high - low) or 1)
    return [
        (round(_EDGE + i * step, 1), round(height - _EDGE - (v - low) * rise, 1))
        for i, v in enumerate(values)
    ]
