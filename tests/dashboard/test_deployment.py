"""What docs/deployment.md promises: a name of its own, several servers, a link of one that opens on the other."""

import asyncio
from pathlib import Path

import pytest
import websockets

from costmodel.report.link import NAME, packed
from tests.support.protocol import Visitor, served

TEXT = (Path(__file__).parents[2] / "docs" / "deployment.md").read_text("utf-8")
ADDRESS = "costmodel.example.org"
SETTING = {"STREAMLIT_BROWSER_SERVER_ADDRESS": ADDRESS}


async def _connects(url: str, origin: str) -> bool:
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    try:
        async with websockets.connect(address, subprotocols=["streamlit"], origin=origin):  # type: ignore[arg-type, list-item]
            return True
    except websockets.exceptions.InvalidStatus:
        return False


async def _said(url: str, state: str) -> list[str]:
    visitor = Visitor(url)
    visitor.query = f"{NAME}={state}"
    async with visitor:
        return [
            text for text in visitor.texts if "Money:" in text or "Break-even" in text or "tries of the model" in text
        ]


@pytest.mark.long
def test_two_servers_under_one_name_give_a_link_the_same_digits() -> None:
    assert all(f"{name}={value}" in TEXT for name, value in SETTING.items())
    state = packed("panic", "base.yaml", {"parameters.session_price.value": 91.0}, {})
    with served(**SETTING) as one, served(**SETTING) as other:
        said = [asyncio.run(_said(server.url, state)) for server in (one, other)]
        assert any("91" in text for text in said[0])
        assert said[0] == said[1]
        names = (f"https://{ADDRESS}", "https://elsewhere.example")
        assert [asyncio.run(_connects(one.url, name)) for name in names] == [True, False]
