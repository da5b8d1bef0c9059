"""What jobs send to the twins: no bytes of it make a twin fail, and the next request is answered."""

from __future__ import annotations

import contextlib
import json
import socket
from typing import Any, Final
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.run_events import Notice
from simulator.twins.hosts import OIDC
from tests.fuzzing import fuzzed_slowly, json_objects, json_values, written

from .api_requests import asker, create
from .artifact_protocol import Toolkit
from .driving import REPOSITORY, Rig

ARTIFACTS: Final = "twirp/github.actions.results.api.v1.ArtifactService/"
CACHES: Final = "twirp/github.actions.results.api.v1.CacheService/"
JSON: Final = {"content-type": "application/json"}


class Sender:
    """Sends requests of one job, and looks after each whether a twin failed."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.job = rig, rig.job()
        self.toolkit = Toolkit(self.job)
        self.api = asker(self.job)
        create(self.api)
        self.blob = self.toolkit.create("blob")

    def check(self, answer: httpx.Response) -> httpx.Response:
        assert self.faults() == []
        assert answer.status_code != 500, answer.text
        return answer

    def faults(self) -> list[str]:
        found = [notice.message for notice in self.rig.seen(Notice) if " failed: " in notice.message]
        self.rig.events.clear()
        return found

    def rest(self, method: str, path: str, content: bytes = b"") -> httpx.Response:
        return self.check(self.api(method, path, content=content))

    def results(self, path: str, content: bytes, method: str = "POST", **headers: str) -> httpx.Response:
        sent = {"authorization": f"Bearer {self.toolkit.token}", **JSON, **headers}
        return self.check(self.job.http.request(method, f"{self.toolkit.base}{path}", content=content, headers=sent))


@pytest.fixture
def sender(rig: Rig) -> Sender:
    return Sender(rig)


def packed(value: object) -> bytes:
    return json.dumps(value).encode()


def path_of(data: bytes) -> str:
    """Something to be put into an address."""
    return quote(data, safe="/?&=:%+;,")


FIELDS = [
    "tag_name",
    "target_commitish",
    "name",
    "body",
    "draft",
    "prerelease",
    "make_latest",
    "generate_release_notes",
    "ref",
    "sha",
    "force",
    "tag",
    "message",
    "object",
    "type",
    "tagger",
    "date",
    "email",
    "label",
    "v9",
    "main",
    "previous_tag_name",
    "refs/tags/v9",
    "refs/heads/main",
    "commit",
]
PATHS = [
    *[
        "/releases",
        "/releases/1",
        "/releases/200000000",
        "/releases/tags/",
        "/releases/generate-notes",
        "/releases/latest",
        "/assets",
        "/git/refs",
        "/git/refs/tags/v9",
        "/git/tags",
        "/git/commits/",
        "/git/trees/",
        "/git/blobs/",
        "/commits",
        "/compare/",
        "/contents/",
        "/branches/",
        "/tarball/",
        "/actions/artifacts",
        "/actions/runs/",
        "/artifacts",
        "/actions/caches",
        "/readme",
        "main",
        "...",
        "HEAD",
        "?page=",
        "?per_page=",
        "&ref=",
        "?since=",
        "?sha=",
        "?path=",
        "?key=a",
        "0",
        "-1",
        "%00",
        "%ff",
        "/",
        "٣",
    ],
    "9" * 5000,
]


@fuzzed_slowly
@given(
    method=st.sampled_from(["GET", "POST", "PATCH", "DELETE"]),
    path=st.lists(st.sampled_from(PATHS), min_size=1, max_size=4).map("".join),
    body=json_objects(FIELDS).map(packed) | json_values(FIELDS).map(packed) | written(FIELDS) | st.just(b"[" * 20_000),
)
def test_rest(sender: Sender, method: str, path: str, body: bytes) -> None:
    sender.rest(method, path, body)


@fuzzed_slowly
@given(body=json_objects(FIELDS))
def test_releases(sender: Sender, body: dict[str, Any]) -> None:
    content = packed({"tag_name": "v1", **body})
    made = sender.rest("POST", "/releases", content)
    for path in ("/releases", "/releases/latest", "/releases/tags/v1"):
        sender.rest("GET", path)
    sender.rest("POST", "/releases/generate-notes", content)
    sender.rest("POST", "/git/tags", packed({"tag": "a", "message": "m", "object": "main", "type": "commit", **body}))
    sender.rest("POST", "/git/refs", packed({"ref": "refs/tags/v3", "sha": "0" * 40, **body}))
    if made.status_code == 201:
        one = f"/releases/{made.json()['id']}"
        sender.rest("PATCH", one, packed(body))
        sender.rest("DELETE", one)


QUERY = [
    "query", "mutation", "{", "}", "(", ")", "$a", ":", "String", "!", "repository", 'owner:"octo"', 'name:"demo"',
    "release", 'tagName:"v1"', "releases", "first:", "after:", '"x"', "1", "-1", "orderBy:", "{direction:ASC}",
    "nodes", "viewer", "login", "...", "on", "F", "fragment", "@skip(if:true)", "ref", 'qualifiedName:"main"', "#",
    "__type", "[", "]", "null", "releaseAssets", "pageInfo{endCursor}", "id", "target{oid}", " ", "\n", "9" * 5000,
]  # fmt: skip
WHOLE: Final = """
query q($owner: String!, $name: String!, $first: Int, $after: String, $order: O, $tag: String) {
  repository(owner: $owner, name: $name) {
    releases(first: $first, after: $after, orderBy: $order) {
      nodes { tagName releaseAssets(first: $first, after: $after) { nodes { name } } } pageInfo { endCursor }
    }
    release(tagName: $tag) { name } ref(qualifiedName: $tag) { name }
  }
}
"""
VARIABLES = ["owner", "name", "first", "after", "order", "tag", "direction", "v1", "ASC"]


@fuzzed_slowly
@given(written(QUERY).map(lambda data: data.decode(errors="replace")), json_values(VARIABLES), json_objects(VARIABLES))
def test_graphql(sender: Sender, text: str, any_value: object, variables: dict[str, Any]) -> None:
    owner, name = REPOSITORY.split("/")
    for body in (
        {"query": text, "variables": variables},
        {"query": WHOLE, "variables": any_value},
        {"query": WHOLE, "variables": {**variables, "owner": owner, "name": name}},
    ):
        sender.rest("POST", "https://api.github.com/graphql", packed(body))


RESULTS = [
    "name",
    "version",
    "size",
    "hash",
    "mime_type",
    "expires_at",
    "workflow_run_backend_id",
    "name_filter",
    "id_filter",
    "a",
    "value",
    "metadata",
    "scope",
    "v",
    "workflow_job_run_backend_id",
    "key",
    "restore_keys",
    "size_bytes",
    "application/zip",
    "sha256:",
    "seconds",
]


@fuzzed_slowly
@given(
    st.sampled_from(["CreateArtifact", "FinalizeArtifact", "ListArtifacts", "GetSignedArtifactURL", "DeleteArtifact"]),
    json_objects(RESULTS),
    written(RESULTS),
)
def test_artifacts(sender: Sender, method: str, fields: dict[str, Any], raw: bytes) -> None:
    for body in (packed({**sender.toolkit.ids, **fields}), packed(fields), raw, b"[" * 20_000):
        sender.results(f"{ARTIFACTS}{method}", body)
    sender.results(f"{ARTIFACTS}ListArtifacts", packed(sender.toolkit.ids))


@fuzzed_slowly
@given(written(["PK\1\2", "PK\3\4", "PK\5\6", "\0" * 18, "\0", "a", "ÿ"]), json_values(RESULTS), json_values(RESULTS))
def test_what_is_no_artifact(sender: Sender, content: bytes, expires: object, kind: object) -> None:
    body = {**sender.toolkit.ids, "version": 4, "name": "a", "expires_at": expires, "mime_type": kind}
    made = sender.results(f"{ARTIFACTS}CreateArtifact", packed(body))
    if made.status_code == 200:
        sender.toolkit.put(made.json()["signed_upload_url"], content)
        last = {**sender.toolkit.ids, "name": "a", "size": str(len(content))}
        sender.results(f"{ARTIFACTS}FinalizeArtifact", packed(last))
        sender.rest("GET", "/actions/artifacts")
        sender.results(f"{ARTIFACTS}DeleteArtifact", packed(last))


BLOCKS = [
    "<BlockList>", "</BlockList>", "<Latest>", "</Latest>", "<Uncommitted>", "YQ==", "a", "&lt;", "&a;", "]>",
    "<![CDATA[", "]]>", "<", ">", "ü", "<!DOCTYPE a [", "<!ENTITY a 'b'>", '<?xml version="1.0"?>', "\0",
]  # fmt: skip
NAMES = ["comp", "=", "block", "list", "&", "blockid", "YQ==", "%", "seal", "\0", "?"]


@fuzzed_slowly
@given(written(BLOCKS), written(NAMES))
def test_blobs(sender: Sender, document: bytes, query: bytes) -> None:
    words, (place, _, signed) = path_of(query).replace("?", "&"), sender.blob.partition("?")
    for url in (
        f"{sender.blob}&comp=blocklist",
        f"{sender.blob}&{words}",
        f"{place}?{words}",
        f"{place}?{words}&{signed}",
    ):
        sender.check(sender.job.http.put(url, content=document))


@fuzzed_slowly
@given(
    st.sampled_from(["CreateCacheEntry", "FinalizeCacheEntryUpload", "GetCacheEntryDownloadURL"]),
    json_objects(RESULTS),
    written(RESULTS),
    st.lists(st.sampled_from(["bytes ", "0", "-", "/", "*", "9" * 400, "1", " "]), max_size=6).map("".join),
)
def test_caches(sender: Sender, method: str, fields: dict[str, Any], raw: bytes, place: str) -> None:
    for body in (packed(fields), raw, packed({"key": "a", "version": "v", **fields}), b"[" * 20_000):
        sender.results(f"{CACHES}{method}", body)
    first = "_apis/artifactcache"
    sender.results(f"{first}/cache?keys={path_of(raw)}&version=v", b"", "GET")
    sender.results(f"{first}/caches", packed(fields))
    made = sender.results(f"{first}/caches", packed({"key": f"k{len(raw)}", "version": "v"}))
    number = made.json().get("cacheId", 1) if made.is_success else 1
    sender.results(f"{first}/caches/{number}", raw, "PATCH", **{"content-range": place.strip() or "x"})
    sender.results(f"{first}/caches/{number}", packed(fields))


@fuzzed_slowly
@given(written(["audience=", "pypi", "&", "=", "%00", "%ff", "ü", "a" * 300, ";", "+", "?"]))
def test_id_tokens(sender: Sender, query: bytes) -> None:
    env = sender.job.access.run_env
    headers = {"authorization": f"Bearer {env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"}
    words = path_of(query)
    for url in (
        f"{env['ACTIONS_ID_TOKEN_REQUEST_URL']}&{words}",
        f"https://{OIDC}/{words}",
        f"https://{OIDC}/idtoken/{words}",
    ):
        sender.check(sender.job.http.get(url, headers=headers))


PKT = [
    "0000", "0001", "0002", "0003", "0004", "ffff", "zzzz", "done", "command=", "ls-refs", "fetch", "refs/heads/main",
    "report-status", "PACK", "shallow", "0009done", "0032want ", "0" * 40, "a" * 40, "\n", "\0", "deepen 1",
    "0014command=ls-refs\n", "0011command=fetch",
]  # fmt: skip


@fuzzed_slowly
@given(
    written(PKT),
    st.sampled_from(["git-upload-pack", "git-receive-pack", "git-x", ""]),
    st.sampled_from(["", "version=2"]),
)
def test_git(sender: Sender, body: bytes, service: str, protocol: str) -> None:
    """`git http-backend` may fail with what it gets; that is told as its failure, and is none of the twin's."""
    url = f"https://github.com/{REPOSITORY}.git"
    headers = {"content-type": f"application/x-{service}-request", "git-protocol": protocol}
    auth = ("x-access-token", "ghs_publish")
    for answer in (
        sender.job.http.post(f"{url}/{service}", content=body, auth=auth, headers=headers),
        sender.job.http.get(f"{url}/info/refs?service={service}{path_of(body)}", auth=auth),
    ):
        assert sender.faults() == []
        assert answer.status_code != 500 or "git http-backend failed" in answer.text


SIGNED = [
    "spec",
    "content",
    "kind",
    "apiVersion",
    "hashedrekord",
    "dsse",
    "signature",
    "publicKey",
    "data",
    "hash",
    "algorithm",
    "value",
    "sha256",
    "proposedContent",
    "envelope",
    "verifiers",
    "credentials",
    "oidcIdentityToken",
    "publicKeyRequest",
    "proofOfPossession",
    "certificateSigningRequest",
    "entryUUIDs",
    "logIndexes",
    "entries",
    "a.b.c",
    "e30=",
    "0.0.1",
    "payload",
    "payloadType",
    "payloadHash",
    "e30.e30.e30",
    "publicKeyAlgorithm",
]
SIGNING = ["/api/v2/signingCert", "/api/v1/log/entries", "/api/v1/log/entries/retrieve", "/api/v1/index/retrieve"]


@fuzzed_slowly
@given(st.sampled_from(SIGNING), json_objects(SIGNED).map(packed) | written(SIGNED), st.text(max_size=5))
def test_signing(sender: Sender, path: str, body: bytes, query: str) -> None:
    for host in ("fulcio.sigstore.dev", "rekor.sigstore.dev"):
        sender.check(sender.job.http.post(f"https://{host}{path}", content=body, headers=JSON))
        sender.check(sender.job.http.get(f"https://{host}{path}?logIndex={path_of(query.encode())}"))


HEADS = [
    "http://", "https://", "/", "api.github.com", "api.github.com:443", "[::1]", "ü", "..", "%2e", "=", "GET",
    "CONNECT", "POST", "GET ", "CONNECT ", "POST ", " HTTP/1.1\r\n", " HTTP/1.0\r\n", "Host: ", "\r\n", "\r\n\r\n",
    "Content-Length: 1\r\n", f"Content-Length: {'9' * 4500}\r\n", "Transfer-Encoding: chunked\r\n", "5\r\n", "\0",
    "\x16\x03\x01", "PYSIM/1 443\n", "Expect: 100-continue\r\n", "Authorization: Basic ", "Cookie: a\r\n",
    "Connection: upgrade\r\nUpgrade: websocket\r\n",
]  # fmt: skip


@fuzzed_slowly
@given(written(HEADS))
def test_heads_of_requests(sender: Sender, data: bytes) -> None:
    for start in (b"PYSIM/1 80\n", b""):
        with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
            client.settimeout(0.5)
            client.connect(str(sender.job.access.gateway))
            client.sendall(start + data)
            client.shutdown(socket.SHUT_WR)
            while client.recv(1 << 16):
                pass
    sender.check(sender.job.http.get(f"https://{OIDC}/.well-known/jwks"))
