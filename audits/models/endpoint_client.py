"""Asks a model behind an HTTP endpoint on this machine, within bounds of time and size."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from audits.core.errors import InputError, ModelCrashError
from audits.models.adapter import FloatArray
from audits.models.endpoint_spec import EndpointSpec, list_addresses

_PAUSE_S = 0.5
_CHUNK = 1 << 16
_BYTES_A_NUMBER = 64
_SPARE_BYTES = 1 << 16


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

    def compute_scores(self, columns: list[str], rows: list[list[Any]]) -> FloatArray:
        """Return what the endpoint answers for `rows`, float64 `[n_rows, width]`; null is NaN.

        Raises InputError where it is not there or does not take these rows, ModelCrashError
        where it fails, hangs, breaks off or answers something else.
        """
        content = json.dumps({"columns": columns, "rows": rows}, allow_nan=False).encode()
        limit = _SPARE_BYTES + len(rows) * self._spec.width * _BYTES_A_NUMBER
        return self._read_scores(self._post(content, limit), len(rows))

    def _post(self, content: bytes, limit: int) -> bytes:
        with self._connect() as connection:
            expired = threading.Event()
            timer = threading.Timer(self._spec.timeout_s, _break_off, (connection.sock, expired))
            timer.daemon = True
            timer.start()
            try:
                return self._exchange(connection, content, limit)
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

    def _exchange(
        self, connection: http.client.HTTPConnection, content: bytes, limit: int
    ) -> bytes:
        path = self._parts.path or "/"
        target = f"{path}?{self._parts.query}" if self._parts.query else path
        connection.request("POST", target, body=content, headers=self._headers)
        response = connection.getresponse()
        self._check_status(response)
        answer = bytearray()
        while chunk := response.read(min(_CHUNK, limit + 1 - len(answer))):
            answer += chunk
            if len(answer) > limit:
                raise ModelCrashError(
                    f"the endpoint {self._spec.url} answered more than {limit:,} bytes, too many "
                    f"for {self._spec.width} numbers a row"
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
        if 400 <= status < 500:
            raise InputError(
                f"the endpoint {url} does not take these rows ({said}); see its own log, and the "
                "protocol in docs/architecture.md"
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

    def _read_scores(self, answer: bytes, n_rows: int) -> FloatArray:
        url, width = self._spec.url, self._spec.width
        try:
            scores = json.loads(answer)["scores"]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise ModelCrashError(
                f'the endpoint {url} did not answer {{"scores": [[...], ...]}}'
            ) from None
        if not isinstance(scores, list) or len(scores) != n_rows:
            given = f"{len(scores):,}" if isinstance(scores, list) else "no"
            raise ModelCrashError(f"the endpoint {url} answered {given} rows for {n_rows:,}")
        for place, row in enumerate(scores):
            if not isinstance(row, list) or len(row) != width or not all(map(_is_number, row)):
                raise ModelCrashError(
                    f"the endpoint {url} answered something else than {width} "
                    f"number{'s' if width > 1 else ''} for row {place} of a batch"
                )
        return np.array(scores, dtype=np.float64).reshape(n_rows, width)


def _is_number(value: object) -> bool:
    """Null and numbers; of the numbers only those that a float64 can hold."""
    if value is None or isinstance(value, float):
        return True
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 53


def _break_off(connection: socket.socket, expired: threading.Event) -> None:
    """End a request at its deadline, even one that is answered byte by byte."""
    expired.set()
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
