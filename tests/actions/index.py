"""A small HTTPS server in the place of an index and of GitHub's token service, for what the twins never answer."""

from __future__ import annotations

import base64
import contextlib
import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme

CLAIMS = {
    "aud": "pypi",
    "sub": "repo:octo/demo:environment:pypi",
    "repository": "octo/demo",
    "repository_owner": "octo",
    "repository_owner_id": "65",
    "workflow_ref": "octo/demo/.github/workflows/pypi.yml@refs/tags/v0.1.0",
    "job_workflow_ref": "octo/demo/.github/workflows/pypi.yml@refs/tags/v0.1.0",
    "ref": "refs/tags/v0.1.0",
}
AUDIENCE, MINT, UPLOAD, ID_TOKEN = "/_/oidc/audience", "/_/oidc/mint-token", "/legacy/", "/id-token"


def jwt(**claims: str) -> str:
    parts = ({"alg": "RS256"}, {**CLAIMS, **claims})
    words = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*words, "signature"])


@dataclass(kw_only=True)
class Index:
    """A running server; `answers` are status and body by path, `requests` what came, `bodies` with it."""

    port: int = 0
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.answers |= {
            AUDIENCE: (200, '{"audience": "pypi"}'),
            MINT: (200, '{"success": true, "token": "pypi-minted"}'),
            UPLOAD: (200, "OK"),
            ID_TOKEN: (200, json.dumps({"value": jwt()})),
        }

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def grant(self) -> dict[str, str]:
        """The variables of a job that may ask for an ID token."""
        return {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}{ID_TOKEN}?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "granted",
        }


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[Index]:
    """Serve until the block ends; `folder`/ca.pem is what clients must trust."""
    index = Index()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def answer(self) -> None:
            path = self.path.partition("?")[0]
            index.requests.append(f"{self.command} {path}")
            index.bodies.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            status, text = index.answers.get(path, (404, "no such page"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("localhost", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        index.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield index
        finally:
            server.shutdown()
            thread.join()
