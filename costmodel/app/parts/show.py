"""Putting results on the page: charts with their tables, tables, refusals, and a locked population."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from costmodel.app.parts.text import WORD_JOINER, csv, literal, literal_table
from costmodel.currency import Currency
from costmodel.drawing import Chart
from costmodel.page import SCREEN, Figure, Heading, Notes, Page, Paragraph, Table
from costmodel.report.contents import locked_page
from costmodel.scenario.load import HEADLINE, Locked, because

CONFIG = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
    "displayModeBar": False,
}
MOST_ROWS = 60
MONEY = ("net cost", "net saving", "value", "low", "high")
"""Columns of tables of charts that hold money, where they hold numbers."""


def figure(chart: Chart, height: int | None, key: str) -> None:
    """A chart under its takeaway. The title stands in the page, where it wraps and is read aloud.

    height: in pixels; its own where None. key: its own on the page, where two charts may hold the same figures.
    A figure without anything drawn is its takeaway alone.
    """
    st.markdown(f"**{literal(chart.title)}**")
    if not chart.figure.data:
        return
    height = height or int(chart.figure.layout.height)
    drawn = chart.figure.update_layout(title=None, height=height)
    drawn.update_layout(margin={"t": 44})
    st.plotly_chart(drawn, height=height, config=CONFIG, alt=chart.alt, key=f"chart {key}")


def with_table(chart: Chart, height: int | None, name: str, currency: Currency, expanded: bool = False) -> None:
    """A chart, its numbers as a table and as CSV."""
    figure(chart, height, name)
    numbers(in_words(chart.table, currency), name, expanded, chart.table)


def numbers(table: pd.DataFrame, name: str, expanded: bool = False, full: pd.DataFrame | None = None) -> None:
    """An expander with the table behind a chart and its CSV. full: what the CSV holds, where the table is words."""
    with st.expander("Table and CSV", expanded=expanded):
        if len(table) > MOST_ROWS:
            st.dataframe(table, hide_index=True, height=240, alt=f"Table behind the chart: {name}")
        else:
            st.table(literal_table(table), hide_index=True, border="horizontal")
        _download(table if full is None else full, name)


def words(table: pd.DataFrame, name: str, full: pd.DataFrame | None = None) -> None:
    """A table of words, and its CSV; full: what that holds."""
    with st.container(key=f"words {name}"):
        st.table(literal_table(table), hide_index=True, border="horizontal")
    _download(table if full is None else full, name)


def _download(table: pd.DataFrame, name: str) -> None:
    st.download_button("Download CSV", csv(table), f"{name}.csv", "text/csv", key=f"csv {name}", on_click="ignore")


def in_words(table: pd.DataFrame, currency: Currency) -> pd.DataFrame:
    """A table with its columns of money in words."""
    shown = table.copy()
    for column in shown.columns:
        if column in MONEY and pd.api.types.is_numeric_dtype(table[column]):
            shown[column] = [
                ("" if value is None or pd.isna(value) else currency.money(value)) for value in table[column]
            ]
        elif column == "weight":
            shown[column] = [f"{value:.0%}" for value in table[column]]
    return shown


def page(page: Page) -> None:
    """A page of an analysis as a part of this one: its blocks without its title."""
    drawn = False
    blocks = list(page.for_(SCREEN))
    figures = {block.name: block.draw() for block in blocks if isinstance(block, Figure)}
    titles = {chart.title for chart in figures.values()}
    for block in blocks:
        match block:
            case Heading():
                st.subheader(literal(block.text), anchor=False)
            case Paragraph() if block.text not in titles:
                st.markdown(f"**{literal(block.text)}**" if block.strong else literal(block.text))
            case Notes() if block.lines:
                with st.expander(literal(block.heading)):
                    st.markdown("\n".join(f"- {literal(line)}" for line in block.lines))
            case Figure():
                figure(figures[block.name], block.height, block.name)
            case Table() if len(block.frame):
                columns = block.shown(SCREEN)
                full = block.frame[[column.key for column in columns]]
                table = pd.DataFrame(block.cells(SCREEN), columns=_apart([column.label for column in columns]))
                (numbers if drawn else words)(table, block.name, full=full)
        drawn = isinstance(block, Figure)


def _apart(labels: list[str]) -> list[str]:
    """Labels of columns, none twice: a repeated one with characters that are not seen. Streamlit refuses equal ones."""
    return [label + WORD_JOINER * labels[:at].count(label) for at, label in enumerate(labels)]


def refusal(text: str, kept: bool = True) -> None:
    """Why something was refused, and that the previous result stands."""
    st.error("  \n".join(literal(line) for line in text.splitlines()))
    if kept:
        st.caption("Not applied. What you see is the previous result.")


def locked_population(locked: Locked) -> None:
    """Title, refusal, why, what the studies found, sources: on every page, where an answer would stand."""
    st.title(literal(locked.file.title), anchor=False)
    st.error(f"**{literal(HEADLINE)}** {literal(because(locked))}")
    rest = locked_page(locked)
    page(replace(rest, blocks=rest.blocks[2:]))
