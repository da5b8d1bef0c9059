"""A git server over HTTP for tests: repositories of a folder, served by git itself."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from simulator import process
from tests.git import run_git as git

AUTHOR: Final = {
    "GIT_AUTHOR_NAME": "Octo",
    "GIT_AUTHOR_EMAIL": "octo@example.org",
    "GIT_COMMITTER_NAME": "Octo",
    "GIT_COMMITTER_EMAIL": "octo@example.org",
}


class GitServer:
    """Serves `<root>/<owner>/<repo>`, named in lower case, at `url`; `requests` are the paths that were asked for."""

    def __init__(self, root: Path, port: int) -> None:
        self.root = root
        self.url = f"http://127.0.0.1:{port}"
        self.requests: list[str] = []

    def commit(self, name: str, files: dict[str, str], *, tag: str | None = None, branch: str = "main") -> str:
        """A commit with these files alone, at the tip of a branch of a repository; its tag is annotated."""
        repository = self.root / name
        if not repository.exists():
            repository.mkdir(parents=True)
            git("init", "--quiet", "--bare", "--initial-branch=main", repository, cwd=self.root)
            git("config", "uploadpack.allowAnySHA1InWant", "true", cwd=repository)
        tree = self._tree(repository, files)
        parent = git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", cwd=repository, check=False).text
        words = ["-p", parent] if parent else []
        commit = git("commit-tree", tree, "-m", "change", *words, cwd=repository, env=AUTHOR).text
        git("update-ref", f"refs/heads/{branch}", commit, cwd=repository)
        if tag is not None:
            git("tag", "--force", "-a", "-m", tag, tag, commit, cwd=repository, env=AUTHOR)
        return commit

    def _tree(self, repository: Path, files: dict[str, str]) -> str:
        index = {"GIT_INDEX_FILE": str(repository / "index.test")}
        git("read-tree", "--empty", cwd=repository, env=index)
        for path, content in files.items():
            blob = git("hash-object", "-w", "--stdin", cwd=repository, stdin=content.encode()).text
            kind = "120000" if content.startswith("link:") else "100644"
            if kind == "120000":
                target = content.removeprefix("link:").encode()
                blob = git("hash-object", "-w", "--stdin", cwd=repository, stdin=target).text
            git("update-index", "--add", "--cacheinfo", f"{kind},{blob},{path}", cwd=repository, env=index)
        return git("write-tree", cwd=repository, env=index).text


@contextlib.contextmanager
def serve(root: Path) -> Iterator[GitServer]:
    """A server for as long as the context."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, format: str, *_: Any) -> None:  # noqa: A002
            pass

        def _answer(self) -> None:
            path, _, query = self.path.partition("?")
            started.requests.append(path)
            environment = {
                "GIT_PROJECT_ROOT": str(root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path.lower(),  # GitHub ignores the case of names
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "REMOTE_ADDR": "127.0.0.1",
            }
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            done = process.run(["git", "http-backend"], env=environment, stdin=body, check=False)
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
            self.send_response(int(headers.pop("Status", "200").split()[0]))
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        started = GitServer(root, server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield started
        finally:
            server.shutdown()
            thread.join()
