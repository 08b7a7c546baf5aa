"""Cell styles: input, calculation and output differ by border and typeface, not by colour alone."""

from typing import Any

POUNDS = '[>=0.005]"£"#,##0.00;[Red][<=-0.005]-"£"#,##0.00;"£0.00"'
"""Less than half a penny is nothing, as in `words.money`: no red -£0.00 for the rounding of the arithmetic."""
FONT = {"font_name": "Arial", "font_size": 10}


class Styles:
    """The workbook's formats by name."""

    def __init__(self, book: Any) -> None:
        def style(**more: Any) -> Any:
            return book.add_format({**FONT, **more})

        self._by_name = {
            "title": style(bold=True, font_size=14),
            "says": style(italic=True, font_color="#444444"),
            "heading": style(bold=True, text_wrap=True, valign="top", bottom=2, bg_color="#E8EEF4"),
            "text": style(text_wrap=True, valign="top"),
            "label": style(valign="top"),
            "strong": style(bold=True),
            "strong_text": style(bold=True, text_wrap=True, valign="top"),
            "section": style(bold=True, bottom=1, font_size=11),
            "sentence": style(text_wrap=True, valign="top", font_size=12),
            "input": style(bg_color="#FFF7CC", border=1, border_color="#7F6000", num_format="General", locked=False),
            "default": style(num_format="General"),
            "rounded": style(num_format="#,##0.0###"),
            "used": style(bold=True, num_format="General"),
            "constant": style(font_color="#1F3864", num_format="General"),
            "calculation": style(num_format="#,##0.000000"),
            "money": style(num_format=POUNDS),
            "output": style(bold=True, num_format=POUNDS, border=1),
            "number": style(num_format="#,##0.0000", border=1),
            "months": style(num_format="0.00", border=1),
            "share": style(num_format="0.0%", border=1),
            "whole": style(num_format="#,##0", border=1),
            "count": style(num_format="0"),
            "tiny": style(num_format="0.0E+00"),
            "aside": style(align="left", valign="top", indent=1),
            "flag": style(bold=True, border=2, align="center"),
            "link": style(underline=1, font_color="#0B5394"),
        }

    def __getitem__(self, name: str) -> Any:
        return self._by_name[name]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_by_name"][name]
        except KeyError as error:
            raise AttributeError(name) from error
