"""Asks a model behind an HTTP endpoint on this machine, within bounds of time and size."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from audits.core.errors import InputError, ModelCrashError
from audits.models.endpoint.spec import EndpointSpec, list_addresses

_PAUSE_S = 0.5
_CHUNK = 1 << 16


class Endpoint:
    """A description and the headers that go with it. Values of headers are never told.

    Every request is one connection: nothing of one batch can reach the answer of another.
    """

    def __init__(self, spec: EndpointSpec, headers: Mapping[str, str]) -> None:
        self._spec = spec
        self._parts = urlsplit(spec.url)
        self._addresses = list_addresses(self._parts)
        self._headers = {
            **headers,
            "Host": self._parts.netloc,
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }

    def post(self, content: bytes, limit: int) -> bytes:
        """Return what the endpoint answers to JSON, at most `limit` bytes.

        Raises InputError where it is not there or does not take these rows, ModelCrashError
        where it fails, hangs, breaks off or answers more.
        """
        path = self._parts.path or "/"
        target = f"{path}?{self._parts.query}" if self._parts.query else path
        answer = self._ask("POST", target, content, limit)
        assert answer is not None
        return answer

    def get(self, path: str, limit: int) -> bytes | None:
        """Return what is told at a path of the same server, None where it tells nothing there.

        Raises as `post` where there is no server, or one that hangs or breaks off.
        """
        return self._ask("GET", path, None, limit)

    def _ask(self, method: str, target: str, content: bytes | None, limit: int) -> bytes | None:
        with self._connect() as connection:
            expired = threading.Event()
            timer = threading.Timer(self._spec.timeout_s, _break_off, (connection.sock, expired))
            timer.daemon = True
            timer.start()
            try:
                connection.request(method, target, body=content, headers=self._headers)
                return self._read(connection.getresponse(), limit, may_lack=content is None)
            except (OSError, http.client.HTTPException) as error:
                if expired.is_set() or isinstance(error, TimeoutError):
                    raise ModelCrashError(
                        f"the endpoint {self._spec.url} did not answer within "
                        f"{self._spec.timeout_s:g} s; raise timeout_s or lower batch_rows"
                    ) from None
                raise ModelCrashError(
                    f"the endpoint {self._spec.url} broke off in the middle "
                    f"({type(error).__name__})"
                ) from None
            finally:
                timer.cancel()

    def _read(
        self, response: http.client.HTTPResponse, limit: int, *, may_lack: bool
    ) -> bytes | None:
        if may_lack and response.status != HTTPStatus.OK:
            return None
        self._check_status(response)
        answer = bytearray()
        while chunk := response.read(min(_CHUNK, limit + 1 - len(answer))):
            answer += chunk
            if len(answer) > limit:
                raise ModelCrashError(
                    f"the endpoint {self._spec.url} answered more than {limit:,} bytes, too many "
                    "for one answer a row"
                )
        if response.length:
            raise http.client.IncompleteRead(bytes(0), response.length)
        return bytes(answer)

    def _check_status(self, response: http.client.HTTPResponse) -> None:
        status, url = response.status, self._spec.url
        known = status in HTTPStatus.__members__.values()
        # The endpoint's own words are left out: they may repeat a header that is a secret.
        said = f"{status} {HTTPStatus(status).phrase}" if known else str(status)
        if 300 <= status < 400:
            raise InputError(
                f"the endpoint {url} sends elsewhere ({said}), which is not followed; give the "
                "address that answers itself"
            )
        if status in (401, 403, 407):
            raise InputError(
                f"the endpoint {url} wants to know who asks ({said}); name the header and the "
                "environment variable of its value under headers_env"
            )
        if status in (404, 405):
            raise InputError(
                f"the server at {url} has no model there ({said}); correct the url: docs/host.md "
                "says how each protocol's ends"
            )
        if 400 <= status < 500:
            raise InputError(
                f"the endpoint {url} does not take these rows ({said}); see its own log, and the "
                "protocols in docs/host.md"
            )
        if status != 200:
            raise ModelCrashError(f"the endpoint {url} failed ({said}); see its own log")

    @contextlib.contextmanager
    def _connect(self) -> Iterator[http.client.HTTPConnection]:
        port = self._parts.port or 80
        for attempt in range(2):
            for address in self._addresses:
                connection = http.client.HTTPConnection(address, port, timeout=self._spec.timeout_s)
                try:
                    connection.connect()
                except OSError:
                    continue
                with contextlib.closing(connection):
                    yield connection
                return
            if attempt == 0:
                time.sleep(_PAUSE_S)
        raise InputError(
            f"nothing answers at {self._spec.url}; start the model's server, or forward its port "
            "to this machine"
        )


def _break_off(connection: socket.socket, expired: threading.Event) -> None:
    """End a request at its deadline, even one that is answered byte by byte."""
    expired.set()
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
