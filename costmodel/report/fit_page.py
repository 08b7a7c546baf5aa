"""The fits of a calibration file as a page that needs no network."""

import html
from collections.abc import Sequence

from costmodel.analysis.calibration import Fit
from costmodel.report.charts.fitted import fitted


def page(title: str, fits: Sequence[Fit]) -> str:
    """HTML: a chart for each fit with its words, and its warnings."""
    parts = [f"<h1>{html.escape(title)}</h1>"]
    for number, fit in enumerate(fits):
        chart = fitted(fit)
        words = html.escape(chart.alt, quote=True)
        drawn = chart.figure.to_html(full_html=False, include_plotlyjs=number == 0, div_id=f"fit-{number}")
        parts.append(f'<div role="img" aria-label="{words}">{drawn}</div>')
        if warnings := "".join(f"<li>{html.escape(warning)}</li>" for warning in fit.warnings):
            parts.append(f"<ul>{warnings}</ul>")
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>body{{font-family:sans-serif}}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'
