"""A person at the dashboard without a browser: the WebSocket messages that Streamlit's page sends.

What is timed is what the server does and sends, not what a browser paints.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

Changes = Mapping[str, float | int | str]
LONGEST_S = 120.0


class ServerError(Exception):
    """A script ended early or showed an exception."""


@dataclass
class Ran:
    """One run of a page's script: seconds until it ended, what it sent, its widgets by key."""

    seconds: float = 0.0
    messages: int = 0
    sent_bytes: int = 0
    widgets: dict[str, Any] = field(default_factory=dict)
    fragments: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)


class Person:
    """One session. `pages` are the script hashes by the page's place in the address."""

    def __init__(self, socket: ClientConnection, run: str) -> None:
        self._socket, self._run = socket, run
        self.pages: dict[str, str] = {}
        self._states: dict[str, dict[str, float | int | str]] = {}

    @classmethod
    async def arrive(cls, address: str, run: str) -> Self:
        """Connect as the page at `address` does."""
        place = address.replace("http", "ws") + "/_stcore/stream"
        socket = await connect(
            place, origin=address, subprotocols=["streamlit"], max_size=None,
            compression=None, ping_interval=None,
        )  # fmt: skip
        return cls(socket, run)

    async def leave(self) -> None:
        """Close the tab."""
        await self._socket.close()

    async def open(self, place: str, **params: str) -> Ran:
        """Open a page by its place in the address ("" is the overview), as with a link."""
        message = self._ask(place, params)
        if place in self.pages:
            message.rerun_script.page_script_hash = self.pages[place]
        else:
            message.rerun_script.page_name = place
        return await self._finish(message)

    async def change(self, place: str, ran: Ran, key: str, **value: float | int | str) -> Ran:
        """Move one widget of a page that was opened: only its fragment runs, if it is in one."""
        widget = ran.widgets[key]
        message = self._ask(place, {})
        message.rerun_script.page_script_hash = self.pages[place]
        message.rerun_script.fragment_id = ran.fragments.get(key, "")
        state = message.rerun_script.widget_states.widgets.add(id=widget.id)
        for kind, item in value.items():
            if kind == "double_array_value":
                state.double_array_value.data.append(float(item))
            else:
                setattr(state, kind, item)
        found = await self._finish(message)
        return Ran(found.seconds, found.messages, found.sent_bytes, ran.widgets | found.widgets,
                   ran.fragments | found.fragments, found.texts)  # fmt: skip

    def _ask(self, place: str, params: Mapping[str, str]) -> BackMsg:
        message = BackMsg()
        message.rerun_script.query_string = urlencode({"run": self._run, **params})
        message.rerun_script.context_info.timezone = "UTC"
        return message

    async def _finish(self, message: BackMsg) -> Ran:
        ran, started = Ran(), time.perf_counter()
        await self._socket.send(message.SerializeToString())
        async for data in self._socket:
            assert isinstance(data, bytes)
            heard = ForwardMsg.FromString(data)
            ran.messages += 1
            ran.sent_bytes += len(data)
            kind = heard.WhichOneof("type")
            if kind == "delta":
                self._note(heard.delta, ran)
            elif kind == "navigation":
                for page in heard.navigation.app_pages:
                    place = "" if page.is_default else page.url_pathname
                    self.pages[place] = page.page_script_hash
            elif kind == "script_finished":
                status = heard.script_finished
                if status == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                    raise ServerError("the script did not compile")
                if status == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    continue
                ran.seconds = time.perf_counter() - started
                return ran
            if time.perf_counter() - started > LONGEST_S:
                raise ServerError(f"no end within {LONGEST_S:.0f} s")
        raise ServerError("the server closed the connection")

    @staticmethod
    def _note(delta: Any, ran: Ran) -> None:
        if delta.WhichOneof("type") != "new_element":
            return
        kind = delta.new_element.WhichOneof("type")
        element = getattr(delta.new_element, kind)
        if kind == "exception":
            raise ServerError(f"{element.type}: {element.message}")
        if kind == "text":
            ran.texts.append(element.body)
        if kind in ("slider", "selectbox", "button_group"):
            # An id is "$$ID-<digest>-<key>".
            key = element.id.split("-", 2)[2]
            ran.widgets[key] = element
            if delta.fragment_id:
                ran.fragments[key] = delta.fragment_id
