"""A compact page that does not jump while it is filled. Constant text only."""

import streamlit as st

CSS = """
<style>
[data-testid="stMainBlockContainer"] {padding: 3.9rem 1.6rem 3rem; max-width: 1500px;}
[data-testid="stSidebarUserContent"] {padding-top: 0.4rem;}
[data-testid="stSidebarHeader"] {height: 2.4rem; padding-bottom: 0; margin-bottom: 0;}
[data-testid="stSidebar"] [data-testid="stVerticalBlock"] {gap: 0.45rem;}
[data-testid="stMain"] [data-testid="stVerticalBlock"] {gap: 0.6rem;}
[data-testid="stMain"] h1 {font-size: 1.5rem; padding: 0 0 0.45rem; line-height: 1.25;}
[data-testid="stMain"] h2 {font-size: 1.2rem; padding: 1.2rem 0 0.9rem;}
[data-testid="stMain"] h3 {font-size: 1rem; padding: 0.5rem 0 0.4rem;}
[data-testid="stMetric"] {padding: 0 !important;}
[data-testid="stMetric"] > div {padding: 0.45rem 0.8rem 0.3rem;}
[data-testid="stMain"] [data-testid="stMarkdown"] p {margin-bottom: 0.6rem;}
[data-testid="stMetricValue"] {font-size: 1.4rem; line-height: 1.25;}
[data-testid="stMetricValue"] > div {white-space: normal; overflow: visible; text-overflow: clip;}
[data-testid="stMetricLabel"] p {white-space: normal; overflow: visible; font-size: 0.82rem;}
.st-key-beside [data-testid="stMarkdown"] p {font-size: 0.79rem; line-height: 1.32; margin-bottom: 0.35rem;}
.st-key-beside [data-testid="stVerticalBlock"], .st-key-beside {gap: 0;}
.st-key-sentence [data-testid="stMarkdown"] p {font-size: 1.08rem; line-height: 1.4;}
.st-key-sentence {min-height: 3.2rem;}
.st-key-metrics {min-height: 4.4rem;}
.st-key-chart {min-height: 24.5rem;}
[data-testid="stTopNavLink"]:focus-visible {outline: 2px solid currentColor !important; outline-offset: -2px;}
[data-testid="stSelectbox"] input {text-overflow: ellipsis;}
[data-testid="stSidebar"] [data-testid="stSelectbox"] input {font-size: 0.82rem;}
[data-testid="stSelectboxVirtualDropdown"], [data-testid="stSelectboxVirtualDropdown"] [role="listbox"] {
    max-height: 60vh;
}
[data-testid="stSelectboxVirtualDropdown"] [role="option"] {height: auto;}
[data-testid="stSelectboxVirtualDropdown"] [role="option"] div {
    height: auto; padding-block: 0.3rem; white-space: normal; line-height: 1.25;
}
[data-testid="stTable"] {font-size: 0.85rem; overflow-x: auto;}
[class*="st-key-words"] table {min-width: 900px;}
@media (max-width: 640px) {[class*="st-key-words"] table {min-width: 640px; font-size: 0.78rem;}}
[class*="st-key-table"] table {table-layout: fixed; width: 100%; min-width: 900px;}
[class*="st-key-table"] th:nth-child(1) {width: 30%;}
[class*="st-key-table"] th:nth-child(6), [class*="st-key-table"] th:nth-child(8) {width: 14%;}
[data-testid="stMainBlockContainer"]:has(.st-key-question) {padding: 3.4rem 1.6rem 1rem; max-width: 1380px;}
[data-testid="stMainBlockContainer"]:has(.st-key-question) [data-testid="stVerticalBlock"] {gap: 0.3rem;}
.st-key-verdict [data-testid="stMarkdown"] p {margin: 0; line-height: 1.35;}
.st-key-verdict {min-height: 6.2rem;}
.st-key-others {gap: 0.4rem !important;}
.st-key-others button {padding-inline: 0.6rem;}
.verdict {font-size: 1.35rem; font-weight: 700; line-height: 1.2; letter-spacing: -0.2px;}
.verdict small {font-size: 0.9rem; font-weight: 400; letter-spacing: 0; opacity: 0.85;}
.verdict.estimate {opacity: 0.6;}
.st-key-bars .js-plotly-plot text {fill: currentColor !important;}
.st-key-bars [data-testid="stVerticalBlock"], .st-key-bars {gap: 0;}
.legend {font-size: 0.82rem; line-height: 1.5;}
.legend i {display: inline-block; width: 0.75rem; height: 0.75rem; margin: 0 0.3rem -0.1rem 0.7rem; outline: 1px solid;}
.legend i.hatched {background-image: repeating-linear-gradient(135deg, #fff 0 1.5px, transparent 1.5px 4px);}
.under {font-size: 0.98rem; line-height: 1.35;}
.fact {border-left: 4px solid #0b5394; padding: 0.05rem 0.7rem; font-size: 0.85rem; line-height: 1.3;}
.fact b {font-size: 1.1rem; font-weight: 650;}
.fact span {opacity: 0.85;}
</style>
"""


def apply() -> None:
    """Put the style into the page."""
    st.html(CSS)
