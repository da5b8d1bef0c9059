"""The Docker API that a job sees at /var/run/docker.sock: the daemon's, as far as a sealed job may use it.

What is made gets the job's network, labels and certificates (`policy`); a job sees its own containers alone; pushing,
swarms, plugins and all else that reaches further is refused with the reason. One request a connection to the daemon,
so that answers, attached streams among them, are carried over as they are.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import quote, urlencode

import docker
from docker.errors import APIError, DockerException, NotFound

from simulator.engines import builds, docker_facts, dockerfiles
from simulator.engines.base import ContainerError, ContainerImage
from simulator.engines.containers import DockerContainers, is_own_name
from simulator.engines.daemon import daemon_address
from simulator.engines.http_requests import LARGEST_JSON, HttpConnection, Refused, Request, written
from simulator.errors import SimulatorError

_CHUNK: Final = 1 << 16
_LINGER: Final = 5.0  # seconds that a client has to close its side after the answer
_NOT_PASSED_ON: Final = {
    "connection", "upgrade", "host", "content-length", "transfer-encoding", "expect", "content-type",
}  # fmt: skip
# No form: the daemon would take its fields for parts of the query, and before them.
_CONTENT: Final = {"application/json", "application/x-tar", "application/octet-stream", "application/tar"}
_STREAMS: Final = ("/attach", "/start")  # the ends of paths behind whose request both sides go on to speak
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3})\b")
_ROUTES: Final = (  # method, path, what serves it; the first that fits counts
    ("GET|HEAD", r"/_ping", "ping"),
    ("GET", r"/info", "info"),
    ("GET", r"/version", "version"),
    ("GET", r"/events", "of_the_job"),
    ("GET", r"/containers/json", "of_the_job"),
    ("POST", r"/containers/prune", "of_the_job"),
    ("POST", r"/containers/create", "create_container"),
    ("POST", r"/containers/(?P<container>[^/]+)/(re)?start", "start_container"),
    ("POST", r"/containers/(?P<container>[^/]+)/exec", "create_exec"),
    ("POST", r"/containers/(?P<container>[^/]+)/(attach|wait|resize)", "container"),
    ("POST", r"/containers/(?P<container>[^/]+)/(kill|stop|pause|unpause)", "resume"),
    ("GET|HEAD|PUT", r"/containers/(?P<container>[^/]+)/archive", "archive"),
    ("GET", r"/containers/(?P<container>[^/]+)/(json|logs|top|stats|changes|export)", "container"),
    ("DELETE", r"/containers/(?P<container>[^/]+)", "container"),
    ("GET|POST", r"/exec/(?P<exec>[^/]+)/(start|resize|json)", "exec"),
    ("GET", r"/images/json", "passed"),
    ("POST", r"/images/create", "pull"),
    ("POST", r"/images/(?P<image>.+)/tag", "tag"),
    ("GET", r"/images/.+/(json|history)", "passed"),
    ("DELETE", r"/images/(?P<image>.+)", "remove_image"),
    ("GET", r"/distribution/(?P<image>.+)/json", "distribution"),
    ("POST", r"/auth", "auth"),
    ("POST", r"/build", "build"),
    ("GET", r"/networks", "networks_list"),
    ("POST", r"/networks/create", "create_network"),
    ("GET|POST|DELETE", r"/networks/(?P<network>[^/]+)(/(connect|disconnect))?", "network"),
    ("GET", r"/volumes", "of_the_job"),
    ("POST", r"/volumes/create", "create_volume"),
    ("GET|DELETE", r"/volumes/(?P<volume>[^/]+)", "volume"),
)
_NO_BUILDKIT: Final = "BuildKit cannot be kept from the network; set DOCKER_BUILDKIT=0 to build without it"
_REASONS: Final = (
    (r"POST /images/.+/push", "a rehearsal publishes nothing, so no image is pushed"),
    (r"\w+ /(swarm|services|tasks|nodes|secrets|configs)\b.*", "a job has no swarm"),
    (r"\w+ /plugins\b.*", "plugins change the machine"),
    (r"POST /(session|grpc)", _NO_BUILDKIT),
    (r"POST /images/(load|prune)", "images of this machine are not replaced or removed"),
    (r"POST /containers/.+/(rename|update)", "a container stays as it was made"),
)
_BUILD_PARAMETERS: Final = (
    "q", "nocache", "rm", "forcerm", "buildargs", "target", "shmsize", "memory", "squash",
)  # fmt: skip


class _Client:
    """The stream to a client of a Unix socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def read(self, size: int) -> bytes:
        return self._connection.recv(size)

    def write(self, data: bytes) -> None:
        self._connection.sendall(data)

    def end(self) -> None:
        self._connection.shutdown(socket.SHUT_WR)


class DockerApi:
    """Serves one job, from entering to leaving."""

    def __init__(self, client: docker.DockerClient, containers: DockerContainers) -> None:
        self._client = client
        self._containers = containers
        self._names: dict[str, str] = {}  # of containers: the name that the job gave, and the id
        self._networks: dict[str, str] = {}  # the name, and an id
        self._lock = threading.Lock()

    @staticmethod
    def listen(path: Path) -> socket.socket:
        """A socket for it, which has to be there before the sandbox is. Raises OSError."""
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        path.chmod(0o666)  # its folder is the user's own; in the sandbox every user may connect
        listener.listen(64)
        return listener

    def serve(self, listener: socket.socket) -> None:
        """Serve until the socket is closed."""
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_client, args=(connection,), name="docker api", daemon=True).start()

    def _serve_client(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            connection = HttpConnection(_Client(client))
            try:
                request = connection.request()
                if request is not None:
                    self._answer(request)
            except Refused as refused:
                connection.answer(refused.status, {"message": str(refused)})
            except (ContainerError, ValueError) as error:
                connection.answer(400, {"message": str(error)})
            except (TypeError, AttributeError, KeyError, RecursionError) as error:
                message = f"what is asked for has another form than Docker's: {error}"
                connection.answer(400, {"message": message})
            except APIError as error:
                connection.answer(error.status_code or 500, {"message": str(error.explanation)})
            except (DockerException, SimulatorError) as error:
                connection.answer(500, {"message": str(error)})
            _let_finish(client)

    def _answer(self, request: Request) -> None:
        for methods, pattern, name in _ROUTES:
            found = re.fullmatch(pattern, request.path)
            if found is not None and request.method in methods.split("|"):
                serve: Callable[..., None] = getattr(self, f"_{name}")
                serve(request, **found.groupdict())
                return
        asked = f"{request.method} {request.path}"
        reason = next((why for pattern, why in _REASONS if re.fullmatch(pattern, asked)), "a job does not need it")
        raise Refused(403, f"pysim does not pass on {asked}: {reason}")

    # ---- what is passed on

    def _ping(self, request: Request) -> None:
        version = str(self._client.api.api_version)
        request.connection.answer(200, None, {"Api-Version": version, "Ostype": "linux", "Builder-Version": "1"})

    def _passed(self, request: Request) -> None:
        self._pass_on(request, request.path)

    def _info(self, request: Request) -> None:
        marks = [f"{name}={value}" for name, value in self._containers.settings().labels.items()]
        own = self._client.api.containers(all=True, filters={"label": marks})
        request.connection.answer(200, docker_facts.info(self._client.info(), own))

    def _version(self, request: Request) -> None:
        request.connection.answer(200, docker_facts.version(self._client.version()))

    def _auth(self, request: Request) -> None:
        """A login, which docker keeps for pulls: no registry is asked whether it holds."""
        request.json()
        request.connection.answer(200, {"Status": "Login Succeeded", "IdentityToken": ""})

    def _ask_registry(self, request: Request, name: str, *, pulls: bool) -> None:
        """Let the daemon pull an image, or ask its registry what it is. Raises Refused, ContainerError."""
        if self._containers.spec.offline:
            raise Refused(403, "the rehearsal is offline, so nothing is pulled")
        found = self._containers.pulled(name)
        path = request.path if pulls else f"/distribution/{found}/json"
        wanted = {"fromImage": found.repository, "tag": found.tag, "platform": request.value("platform")}
        query = {key: [value] for key, value in wanted.items() if value and pulls}
        self._containers.fetched(found, self._pass_on(request, path, query))

    def _distribution(self, request: Request, image: str) -> None:
        self._ask_registry(request, image, pulls=False)

    def _of_the_job(self, request: Request) -> None:
        """A list of what has the job's labels."""
        given: dict[str, Any] = json.loads(request.value("filters") or "{}")
        wanted = given.get("label", [])
        labels = [name for name, on in wanted.items() if on] if isinstance(wanted, dict) else list(wanted)
        marks = [f"{name}={value}" for name, value in self._containers.settings().labels.items()]
        filters = {**given, "label": [*labels, *marks]}
        self._pass_on(request, request.path, {**request.query, "filters": [json.dumps(filters)]})

    def _pass_on(
        self,
        request: Request,
        path: str,
        query: Mapping[str, Sequence[str]] | None = None,
        body: IO[bytes] | None = None,
        into: IO[bytes] | None = None,
    ) -> int:
        """Send a request to the daemon and carry over what both say from then on; with `into` keep what it says.

        The connection is closed after it, so that no second request of the job follows on it unseen. Gives the status
        of the answer, 502 for none.
        """
        with contextlib.ExitStack() as stack:
            content = stack.enter_context(request.body(LARGEST_JSON)) if body is None else body
            head = _head(request, path, request.query if query is None else query, content)
            daemon = stack.enter_context(self._daemon())
            with contextlib.suppress(ConnectionError):  # the daemon answers, and closes, where it needs no body
                daemon.sendall(head)
                for piece in iter(lambda: content.read(_CHUNK), b""):
                    daemon.sendall(piece)
            if into is not None:
                with contextlib.suppress(ConnectionError):
                    for data in iter(lambda: daemon.recv(_CHUNK), b""):
                        into.write(data)
                return HTTPStatus.OK
            stream = request.connection.stream
            sending = threading.Thread(target=_carry, args=(request, daemon), daemon=True)
            sending.start()
            status = int(HTTPStatus.BAD_GATEWAY)
            with contextlib.suppress(OSError):
                for data in iter(lambda: daemon.recv(_CHUNK), b""):
                    found = _STATUS.match(data) if status == HTTPStatus.BAD_GATEWAY else None
                    status = int(found[1]) if found else status
                    stream.write(data)
            with contextlib.suppress(OSError):
                stream.end()
            sending.join(_LINGER)
            return status

    @contextlib.contextmanager
    def _daemon(self) -> Iterator[socket.socket]:
        with socket.socket(socket.AF_UNIX) as daemon:
            daemon.connect(daemon_address().removeprefix("unix://"))
            yield daemon

    # ---- containers

    def _own_container(self, name: str) -> str:
        """The id of a container of the job. Raises Refused."""
        with self._lock:
            name = self._names.get(name, name)
        try:
            facts = self._client.api.inspect_container(name)
        except NotFound:
            facts = {"Config": {"Labels": {}}}
        marks = facts["Config"]["Labels"] or {}
        if any(marks.get(key) != value for key, value in self._containers.settings().labels.items()):
            raise Refused(404, f"No such container: {name}")
        return str(facts["Id"])

    def _container(self, request: Request, container: str) -> None:
        found = self._own_container(container)
        rest = request.path.removeprefix(f"/containers/{container}")
        self._pass_on(request, f"/containers/{found}{rest}")

    def _resume(self, request: Request, container: str) -> None:
        """What may end a pause."""
        with self._containers.start_lock:
            self._container(request, container)

    def _archive(self, request: Request, container: str) -> None:
        """A copy to or from a container, for which the daemon looks up anew what it shares."""
        found = self._own_container(container)
        made = self._containers.made.get(found)
        if made is None:
            raise Refused(404, f"No such container: {container}")
        with request.body() as body, builds.spooled_file() as answered:
            with self._containers.paused(made.shared):
                self._pass_on(request, f"/containers/{found}/archive", body=body, into=answered)
            answered.seek(0)
            for piece in iter(lambda: answered.read(_CHUNK), b""):
                request.connection.stream.write(piece)

    def _create_container(self, request: Request) -> None:
        body: dict[str, Any] = request.json() or {}
        containers = self._containers
        image = containers.find(containers.spec.images.get(str(body.get("Image")), str(body.get("Image"))))
        if image is None:
            raise Refused(404, f"No such image: {body.get('Image')}")
        host = {**(body.get("HostConfig") or {})}
        mode = host.get("NetworkMode")
        if mode in {"host", *self._networks, *self._networks.values()}:
            host["NetworkMode"] = "default"  # of the job, which has one network
        name = request.value("name").lstrip("/")
        made = containers.make({**body, "Image": image.id, "HostConfig": host}, image, name=None, makes_folders=True)
        try:
            containers.publish(made, {"HostConfig": host})
        except SimulatorError as error:
            made.remove()
            raise Refused(500, str(error)) from error
        if name:
            with self._lock:
                self._names[name] = made.id
        request.connection.answer(201, {"Id": made.id, "Warnings": list(made.notes)})

    def _start_container(self, request: Request, container: str) -> None:
        found = self._own_container(container)
        if request.path.endswith("/restart"):
            with self._containers.start_lock:
                self._client.api.stop(found)
        elif self._client.api.inspect_container(found)["State"]["Running"]:
            request.connection.answer(304)
            return
        made = self._containers.made.get(found)
        if made is None:
            raise Refused(404, f"No such container: {container}")
        made.start()
        request.connection.answer(204)

    def _create_exec(self, request: Request, container: str) -> None:
        body: dict[str, Any] = request.json() or {}
        if body.get("Privileged"):
            raise Refused(403, "pysim runs no privileged command: it would be root on this machine")
        kept = ("AttachStdin", "AttachStdout", "AttachStderr", "DetachKeys", "Tty", "Env", "Cmd", "User", "WorkingDir")
        data = {name: body[name] for name in (*kept, "ConsoleSize") if body.get(name) is not None}
        path = f"/containers/{self._own_container(container)}/exec"
        with io.BytesIO(json.dumps(data).encode()) as content:
            self._pass_on(request, path, body=content)

    def _exec(self, request: Request, exec: str) -> None:  # noqa: A002 - Docker's word
        facts = self._client.api.exec_inspect(exec)
        self._own_container(str(facts["ContainerID"]))
        self._pass_on(request, request.path)

    # ---- images

    def _pull(self, request: Request) -> None:
        name = request.value("fromImage")
        tag = request.value("tag")
        full = f"{name}{'@' if ':' in tag else ':'}{tag}" if tag else name
        if not name or request.value("fromSrc"):
            raise Refused(403, "pysim imports no image: one that is pulled or built can be used")
        replacement = self._containers.spec.images.get(full) or self._containers.spec.images.get(name)
        if replacement is not None:
            request.connection.answer(200, {"status": f"{replacement} stands for {full}, as configured"})
        elif self._containers.find(full) is not None:
            request.connection.answer(200, {"status": f"{full} is on this machine: it is not pulled again"})
        else:
            self._ask_registry(request, full, pulls=True)

    def _must_be_free(self, name: str) -> None:
        """An image of the user, or of another run, keeps its name; pysim's names are its own. Raises Refused."""
        if is_own_name(name):
            raise Refused(403, f"{name} is a name of pysim's own images")
        found = self._containers.find(name)
        if found is not None and not self._is_made_here(found):
            raise Refused(403, f"{name} is an image of this machine, and pysim puts no other in its place")

    def _is_made_here(self, image: ContainerImage) -> bool:
        return image.labels.get(builds.JOB_LABEL) == self._containers.spec.run_id

    def _tag(self, request: Request, image: str) -> None:
        """A name for an image; one that the run did not make gets a copy, which goes with the run."""
        found = self._containers.find(image)
        if found is None:
            raise Refused(404, f"No such image: {image}")
        name = f"{request.value('repo')}:{request.value('tag') or 'latest'}"
        self._must_be_free(name)
        self._containers.builds_images()
        if self._is_made_here(found):
            self._client.api.tag(found.id, name.rpartition(":")[0], name.rpartition(":")[2])
        elif found.triggers:
            raise Refused(403, f"pysim gives no other name to {image}, which has ONBUILD")
        else:
            builds.name_copy(self._client, found.id, name, self._containers.spec.run_id)
        request.connection.answer(201)

    def _remove_image(self, request: Request, image: str) -> None:
        self._must_be_free(image)
        self._pass_on(request, request.path)

    def _build(self, request: Request) -> None:
        if request.value("version") == "2":
            raise Refused(403, _NO_BUILDKIT)
        dockerfiles.check_platform(request.value("platform"))
        if request.value("remote"):
            raise Refused(403, "pysim builds what the job sends, not what the daemon would fetch from elsewhere")
        for name in request.query.get("t", ()):
            self._must_be_free(name)
        kept = {name: values for name, values in request.query.items() if name in (*_BUILD_PARAMETERS, "t")}
        job_labels = builds.job_labels(self._containers.spec.run_id)
        labels = {**json.loads(request.value("labels") or "{}"), **job_labels}
        query = {
            **kept,
            "labels": [json.dumps(labels)],
            "networkmode": [f"container:{self._containers.network}"],
            "dockerfile": [builds.DOCKERFILE],
        }
        self._containers.builds_images()
        with builds.Context() as context:
            with request.body() as data:
                context.add_archive(data)
            dockerfile, arguments = request.value("dockerfile") or "Dockerfile", request.value("buildargs")
            built_with = self._containers.build_settings(
                "a build of the job",
                dockerfile,
                lambda _: None,
                arguments=json.loads(arguments or "{}"),
                login=builds.logins(request.header("x-registry-config")),
                labels=job_labels,
            )
            self._pass_on(request, "/build", query, body=context.ready(built_with))

    # ---- networks, of which there is one

    def _networks_list(self, request: Request) -> None:
        known = {"bridge": "0" * 64, **self._networks}
        request.connection.answer(200, [docker_facts.network(name, number) for name, number in known.items()])

    def _create_network(self, request: Request) -> None:
        name = str((request.json() or {}).get("Name"))
        number = self._networks.setdefault(name, secrets.token_hex(32))
        note = "All containers of a job share one network: they find each other by any name, at their own ports."
        request.connection.answer(201, {"Id": number, "Warning": note})

    def _network(self, request: Request, network: str) -> None:
        known = {"bridge": "0" * 64, **self._networks}
        name = next((name for name, number in known.items() if network in {name, number, number[:12]}), None)
        if name is None:
            raise Refused(404, f"network {network} not found")
        if request.method == "GET":
            request.connection.answer(200, docker_facts.network(name, known[name]))
            return
        if request.method == "POST":
            request.json()
            request.connection.answer(200)
            return
        self._networks.pop(name, None)
        request.connection.answer(204)

    # ---- volumes

    def _create_volume(self, request: Request) -> None:
        given: dict[str, Any] = request.json() or {}
        if given.get("DriverOpts") or given.get("Driver") not in {None, "", "local"}:
            raise Refused(403, "volumes have no driver but Docker's own, and no options")
        settings = self._containers.settings()
        name = str(given.get("Name") or secrets.token_hex(8))
        self._client.api.create_volume(
            f"{settings.volume_prefix}{name}", labels={**(given.get("Labels") or {}), **settings.labels}
        )
        request.connection.answer(201, {"Name": name, "Driver": "local", "Mountpoint": "", "Scope": "local"})

    def _volume(self, request: Request, volume: str) -> None:
        own = self._containers.settings().volume_prefix
        self._pass_on(request, f"/volumes/{volume if volume.startswith(own) else own + volume}")


def _let_finish(connection: socket.socket) -> None:
    """Take what is still sent: closing before that would take the answer away from who sends it."""
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(_LINGER)
    with contextlib.suppress(OSError):
        while connection.recv(_CHUNK):
            continue


def _head(request: Request, path: str, query: Mapping[str, Sequence[str]], body: IO[bytes]) -> bytes:
    """The head of a request as the daemon gets it; the body begins anew. Raises Refused."""
    words = urlencode(query, doseq=True)
    target = f"{request.version}{quote(path)}{'?' if words else ''}{words}"
    headers = [(name, value) for name, value in request.headers if name not in _NOT_PASSED_ON]
    upgrade = request.header("upgrade") if path.endswith(_STREAMS) else ""
    kind = request.header("content-type").lower()
    headers += [("Content-Type", kind)] if kind in _CONTENT else []
    headers += [("Host", "docker"), ("Connection", f"{'Upgrade, ' if upgrade else ''}close")]
    headers += [("Upgrade", upgrade)] if upgrade else []
    size = body.seek(0, os.SEEK_END)
    body.seek(0)
    headers += [("Content-Length", str(size))] if size or request.method not in {"GET", "HEAD"} else []
    return written(request.method, target, headers)


def _carry(request: Request, daemon: socket.socket) -> None:
    """Carry the job's side of a stream, and its end; behind any other request nothing is carried but that."""
    is_stream = request.path.endswith(_STREAMS)
    with contextlib.suppress(OSError):
        for data in request.connection.following():
            if is_stream:
                daemon.sendall(data)
        daemon.shutdown(socket.SHUT_WR)
