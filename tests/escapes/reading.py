"""Attempts at who reads what strangers wrote, as files, made in a process of little time and memory.

`reads` says who does: the loader of a `workflow`, `expression`s (with `contexts`), a `glob` (which `matches` or not),
or the import of an `index` that answers with `pages`, within `limits`. A page has a `status`, `headers` and a `body`:
that is repeated so many `times`, `packed` so often, or `drips` without end. `text` is what is read (`@3000 x@` stands
for so many of a letter), or what the Python expression `made` makes. `says` are regular expressions that the answer has
all of: what is said of what is refused, and "taken" where nothing is. `seconds` of processor time and MEGABYTES are
what it may take.

Run as a program with `index` or `text`, it prints a line of JSON for each of these. What takes more memory ends in a
MemoryError, what takes more time ends the process.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import math
import re
import resource
import ssl
import sys
import threading
import time
import tomllib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from simulator.errors import SimulatorError
from simulator.expressions.language import ExpressionError, Scope, Vocabulary, evaluate, parse
from simulator.indexes import indexes
from simulator.triggers.globs import matches
from simulator.twins.outside import Outside
from simulator.twins.pypi.real_index import Limits, read_project
from simulator.workflow.loader import load_workflow

FOLDER: Final = Path(__file__).parent / "attempts/host"
MEGABYTES: Final = {"text": 100, "index": 400}
"""The second has a server in it, and threads."""
_REPEATED: Final = re.compile(r"@([0-9]+) (.)@")
Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadingAttempt:
    """One file; see the module."""

    name: str
    reads: str
    text: str = ""
    made: str = ""
    contexts: Json = field(default_factory=dict)
    matches: str = ""
    pages: Mapping[str, Json] = field(default_factory=dict)
    limits: Json = field(default_factory=dict)
    seconds: int = 6
    says: Sequence[str] = ()

    def answer(self) -> str:
        """What is said by who reads it."""
        if self.reads == "index":
            return _imported(self.pages, Limits(**self.limits))
        made = eval(self.made, {"reduce": functools.reduce, "step": _step}) if self.made else _repeated(self.text)  # noqa: S307
        if self.reads == "workflow":
            found = load_workflow(made, "f.yml").diagnostics
            return "\n".join(each.message for each in found[:2]) or "taken"
        if self.reads == "glob":
            return f"taken {matches(made, _repeated(self.matches))}"
        contexts = {name: _repeated(value) for name, value in self.contexts.items()}
        try:
            value = evaluate(parse(made, Vocabulary(names=frozenset(contexts))), Scope(contexts=contexts))
        except ExpressionError as error:
            return str(error)
        return f"taken {str(value)[:100]}"


def reading_attempts() -> Sequence[ReadingAttempt]:
    """All of them, by name."""
    paths = sorted(FOLDER.glob("*.toml"))
    return [ReadingAttempt(name=path.stem, **tomllib.loads(path.read_text(encoding="utf-8"))) for path in paths]


def _repeated(text: str) -> str:
    return _REPEATED.sub(lambda found: found[2] * int(found[1]), text)


def _step(run: str) -> str:
    """A workflow with a step."""
    return f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: |\n          {run}\n"


def _imported(pages: Mapping[str, Json], limits: Limits) -> str:
    outside = Outside(offline=False, proxies={}, trust=ssl.create_default_context)
    with _served(pages) as url:
        try:
            project = read_project(outside, indexes()["pypi"], [f"{url}/simple/"], "demo", limits=limits)
        except SimulatorError as error:
            return str(error)
    return f"taken {len(project.files)}, left out {', '.join(project.left_out)}"


@contextlib.contextmanager
def _served(pages: Mapping[str, Json]) -> Iterator[str]:
    """A server with these pages: its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path, {"status": 404})
            self.send_response(page.get("status", 200))
            for name, value in page.get("headers", {}).items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):
                for part in _parts(page):
                    self.wfile.write(part)

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _parts(page: Json) -> Iterator[bytes]:
    body = _repeated(page.get("body", "")).encode()
    if page.get("drips"):
        while True:
            yield body
            time.sleep(0.01)
    if "packed" in page:
        yield _packed([body] * page.get("times", 1), page["packed"])
        return
    for _ in range(page.get("times", 1)):
        yield body


def _packed(parts: Sequence[bytes], times: int) -> bytes:
    """Parts packed, and what that gives packed again."""
    pack = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    data = b"".join([*map(pack.compress, parts), pack.flush()])
    return data if times == 1 else _packed([data], times - 1)


def _address_space() -> int:
    """What this process has mapped, in bytes (proc(5), /proc/[pid]/statm)."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


def main(kind: str) -> int:
    """Make all attempts of a kind."""
    most = _address_space() + MEGABYTES[kind] * 1024 * 1024
    made = [attempt for attempt in reading_attempts() if (attempt.reads == "index") is (kind == "index")]
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for attempt in made:
        used = resource.getrusage(resource.RUSAGE_SELF)
        end = math.ceil(used.ru_utime + used.ru_stime) + attempt.seconds
        resource.setrlimit(resource.RLIMIT_CPU, (end, resource.RLIM_INFINITY))
        sys.stdout.write(json.dumps({"name": attempt.name, "answer": attempt.answer()}) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
