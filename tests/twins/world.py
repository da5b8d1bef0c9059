"""The network outside, played by one server: an HTTP proxy that answers for every host behind it, over TLS too."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import trustme


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request that left pysim."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Page:
    body: bytes = b"outside"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class World:
    """What is asked of it is in `asked`; `pages` are its answers by URL, `refused` the hosts it does not connect to."""

    def __init__(self, *hosts: str) -> None:
        self.asked: list[Asked] = []
        self.pages: dict[str, Page] = {}
        self.private: set[str] = set()  # URLs that answer 401 to a request with credentials
        self.refused: set[str] = set()
        authority = trustme.CA()
        self.ca = authority.cert_pem.bytes()
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*hosts).configure_cert(tls)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler(tls))
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def urls(self) -> list[str]:
        return [asked.url for asked in self.asked]

    def _answer(self, asked: Asked) -> Page:
        self.asked.append(asked)
        if asked.url in self.private and "authorization" in asked.headers:
            return Page(status=401)
        return self.pages.get(asked.url, Page(status=404, body=b"not outside either"))

    def _handler(self, tls: ssl.SSLContext) -> type[http.server.BaseHTTPRequestHandler]:
        world = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            behind = ""

            def do_CONNECT(self) -> None:
                host = self.path.rpartition(":")[0]
                if host in world.refused:
                    self.send_error(403)
                    return
                self.send_response_only(200)
                self.end_headers()
                self.connection: Any = tls.wrap_socket(self.connection, server_side=True)
                self.rfile = self.connection.makefile("rb")
                self.wfile: Any = self.connection.makefile("wb")
                self.behind = f"https://{host}"
                self.close_connection = False

            def answer(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                base = self.behind or ("" if "://" in self.path else f"http://{headers['host']}")
                asked = Asked(
                    method=self.command, url=f"{base}{self.path}", headers=headers, body=self.content(headers)
                )
                page = world._answer(asked)
                self.send_response(page.status)
                for name, value in page.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(page.body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(page.body)
                self.wfile.flush()

            def content(self, headers: Mapping[str, str]) -> bytes:
                if headers.get("transfer-encoding") != "chunked":
                    return self.rfile.read(int(headers.get("content-length", 0)))
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815 - the library's names

            def finish(self) -> None:
                super().finish()
                self.connection.close()

            def log_message(self, *_: object) -> None:
                """Keep the test's output clean."""

        return Handler
