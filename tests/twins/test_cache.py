"""The cache service: which entry a job gets, and what is kept; asked in both protocols."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator.paths import Owner, folders_of_the_dead
from simulator.run_events import CacheUsed
from simulator.twins.cache_store import UNUSED, CacheError, CacheStore

from .cache_protocol import MAIN, TAG, Cache
from .driving import Clock, Job, Rig, Start


def cache(rig: Rig, job_id: str, claims: dict[str, str]) -> Cache:
    return Cache(rig.job(job_id, claims=claims))


@pytest.fixture
def tagged(rig: Rig) -> Cache:
    return cache(rig, "tagged", TAG)


@pytest.fixture
def main(rig: Rig) -> Cache:
    return cache(rig, "main", MAIN)


def test_a_saved_entry_is_found_and_fetched(rig: Rig, tagged: Cache) -> None:
    assert tagged.find("k") is None
    tagged.save("k", b"12345")
    answer = tagged.get("k")
    assert (answer.content, answer.headers["content-length"]) == (b"12345", "5")
    saved = CacheUsed(
        job_id="tagged", outcome="saved", key="k", matched="k", scope="refs/tags/v0.1.0", size=5, run_id="run-1"
    )
    missed = CacheUsed(job_id="tagged", outcome="miss", key="k")
    assert rig.seen(CacheUsed) == [missed, saved, replace(saved, outcome="hit")]


MATCHES = [
    # what is there, oldest first; what is asked for; what is found
    (["k-1", "k-1-x"], ["k-1"], "k-1"),
    (["k-1-x", "k-1-y"], ["k-1"], "k-1-y"),  # the primary key is a prefix too, and the newest wins
    (["k-1", "k-2"], ["k-3", "k-"], "k-2"),
    (["k-a", "k-b"], ["k-3", "k-a", "k-"], "k-a"),  # restore keys in their order
    (["k", "x"], ["K"], None),
    (["a_c"], ["a%", "a?", "a*"], None),
]


@pytest.mark.parametrize(("there", "asked", "found"), MATCHES)
def test_which_entry_is_found(rig: Rig, tagged: Cache, there: list[str], asked: list[str], found: str | None) -> None:
    for key in there:
        tagged.save(key)
        rig.clock.now += 1
    assert tagged.find(*asked) == found


def test_a_version_is_another_cache(tagged: Cache) -> None:
    tagged.save("k", version="zstd")
    assert tagged.find("k", version="gzip") is None
    tagged.save("k", version="gzip")


def test_a_tag_sees_its_own_entries_first_and_then_those_of_the_default_branch(rig: Rig) -> None:
    main, tagged = cache(rig, "main", MAIN), cache(rig, "tagged", TAG)
    other, side = cache(rig, "other", {"ref": "refs/tags/v0.0.9"}), cache(rig, "side", {"ref": "refs/heads/side"})
    other.save("k-other")
    side.save("k-side")
    assert tagged.find("k-1", "k-") is None
    main.save("k-1", b"of main")
    assert tagged.get("k-1").content == b"of main"
    tagged.save("k-0", b"of the tag")
    assert tagged.find("k-1", "k-") == "k-0", "a prefix in the own scope goes before the very key in another one"
    tagged.save("k-1", b"of the tag")
    assert tagged.get("k-1").content == b"of the tag"
    assert main.get("k-1").content == b"of main"
    assert main.find("k-0") is None
    pull = cache(rig, "pull", {"ref": "refs/pull/1/merge", "base_ref": "side"})
    assert pull.find("k-s") == "k-side"


def test_an_entry_is_written_once(tagged: Cache, main: Cache) -> None:
    refused = {"code": "already_exists", "msg": "cache entry with the same key, version, and scope already exists"}
    tagged.call("CreateCacheEntry", key="k")
    again = tagged.call("CreateCacheEntry", key="k")
    assert (again.status_code, again.json()) == (409, refused), "while the first one is uploaded"
    tagged.save("k2")
    assert tagged.call("CreateCacheEntry", key="k2").status_code == 409
    main.save("k2")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (["x" * 513], "is longer than 512 characters"),
        (["a,b"], "has a comma"),
        ([""], "key is required"),
        ([f"k{number}" for number in range(11)], "at most 10 keys can be given"),
    ],
)
def test_keys_have_limits(tagged: Cache, keys: list[str], said: str) -> None:
    answer = tagged.call("GetCacheEntryDownloadURL", key=keys[0], restore_keys=keys[1:])
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_argument")
    assert said in answer.json()["msg"]


def test_what_did_not_arrive_is_not_there(tagged: Cache) -> None:
    made = tagged.call("CreateCacheEntry", key="k").json()
    assert tagged.call("FinalizeCacheEntryUpload", key="k", size_bytes="3").status_code == 412
    tagged.job.http.put(made["signed_upload_url"], content=b"12")
    finalized = tagged.call("FinalizeCacheEntryUpload", key="k", size_bytes="3")
    assert finalized.json()["msg"] == "the cache has 2 bytes, not 3"
    assert tagged.find("k") is None
    assert tagged.call("FinalizeCacheEntryUpload", key="never", size_bytes="3").status_code == 404


def test_blocks_in_any_order(tagged: Cache) -> None:
    url = tagged.call("CreateCacheEntry", key="k").json()["signed_upload_url"]
    for block in "cab":
        assert tagged.job.http.put(f"{url}&comp=block&blockid={block}", content=block.encode() * 3).status_code == 201
    listed = "".join(f"<Latest>{block}</Latest>" for block in "abc")
    assert tagged.job.http.put(f"{url}&comp=blocklist", content=f"<BlockList>{listed}</BlockList>").status_code == 201
    assert tagged.call("FinalizeCacheEntryUpload", key="k", size_bytes="9").json()["ok"]
    assert tagged.get("k").content == b"aaabbbccc"
    assert tagged.job.http.put(url, content=b"again").status_code == 403, "it is final"


def test_tokens_and_signatures(rig: Rig, tagged: Cache, main: Cache) -> None:
    tagged.save("k")
    url = tagged.call("GetCacheEntryDownloadURL", key="k").json()["signed_download_url"]
    assert len(httpx.URL(url).params["sig"]) >= 64
    assert tagged.job.http.get(f"{url}x").status_code == 404
    assert tagged.job.http.put(url, content=b"poison").status_code in {404, 405, 501}
    headers = {"authorization": f"Bearer {main.job.access.action_env['ACTIONS_RUNTIME_TOKEN']}"}
    foreign = tagged.job.http.post(
        "https://results-receiver.actions.githubusercontent.com"
        "/twirp/github.actions.results.api.v1.CacheService/CreateCacheEntry",
        json={"key": "k", "version": "v"},
        headers=headers,
    )
    assert foreign.json()["code"] == "unauthenticated"


class FirstProtocol:
    """A job that speaks the first protocol."""

    def __init__(self, job: Job) -> None:
        env = job.access.action_env
        self.http = job.http
        self.base = f"{env['ACTIONS_CACHE_URL']}_apis/artifactcache/"
        self.headers = {"authorization": f"Bearer {env['ACTIONS_RUNTIME_TOKEN']}"}

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**self.headers, **more.pop("headers", {})}
        return self.http.request(method, self.base + path, headers=headers, **more)

    def part(self, number: int, begin: int, content: bytes, claimed: int | None = None) -> httpx.Response:
        end = begin + (claimed or len(content)) - 1
        span = {"content-range": f"bytes {begin}-{end}/*"}
        return self.ask("PATCH", f"caches/{number}", content=iter([content]), headers=span)  # chunked, as the client


def test_the_first_protocol(rig: Rig, tagged: Cache) -> None:
    first = FirstProtocol(tagged.job)
    assert first.ask("GET", "cache?keys=k,k-&version=v").status_code == 204
    made = first.ask("POST", "caches", json={"key": "k-1", "version": "v", "cacheSize": 9})
    assert made.status_code == 201
    number = made.json()["cacheId"]
    assert first.part(number, 3, b"bbb").status_code == 204
    assert first.ask("POST", f"caches/{number}", json={"size": 9}).status_code == 400, "there are gaps"
    for begin, content in ((6, b"ccc"), (0, b"xxx"), (0, b"aaa")):
        assert first.part(number, begin, content).status_code == 204
    assert first.ask("POST", f"caches/{number}", json={"size": 9}).status_code == 204
    found = first.ask("GET", "cache?keys=k%2Ck-&version=v").json()
    assert (found["cacheKey"], found["scope"]) == ("k-1", "refs/tags/v0.1.0")
    assert found["creationTime"] == "2026-09-21T14:13:20Z"
    assert first.http.get(found["archiveLocation"]).content == b"aaabbbccc"
    assert tagged.find("k-1") == "k-1", "both protocols have the same entries"
    taken = first.ask("POST", "caches", json={"key": "k-1", "version": "v"})
    assert (taken.status_code, "already exists" in taken.json()["message"]) == (409, True)
    assert first.ask("GET", "caches?key=k").json()["totalCount"] == 1


def test_the_first_protocol_refuses_what_is_wrong(tagged: Cache, main: Cache) -> None:
    first = FirstProtocol(tagged.job)
    over = first.ask("POST", "caches", json={"key": "k", "version": "v", "cacheSize": 11 * 1024**3})
    assert (over.status_code, "may have" in over.json()["message"]) == (400, True)
    number = first.ask("POST", "caches", json={"key": "k", "version": "v"}).json()["cacheId"]
    assert first.part(number, 0, b"12", claimed=3).status_code == 400
    assert first.ask("PATCH", f"caches/{number}", content=b"12").status_code == 400
    assert FirstProtocol(main.job).part(number, 0, b"12").status_code == 404
    first.headers = {"authorization": "Bearer x"}
    assert first.ask("GET", "cache?keys=k&version=v").status_code == 401


def test_entries_outlive_the_run(start: Start, tmp_path: Path) -> None:
    first = start(folder=tmp_path / "one", run_id="one")
    cache(first, "build", MAIN).save("k", b"kept")
    first.twins.__exit__(None, None, None)
    second = start(folder=tmp_path / "two", run_id="two")
    later = cache(second, "build", TAG)
    assert later.get("k").content == b"kept"
    assert [(event.outcome, event.run_id) for event in second.seen(CacheUsed)] == [("hit", "one")]
    assert not (tmp_path / "cache/uploads").exists()


def test_a_container_does_not_hear_of_the_second_protocol(tagged: Cache) -> None:
    """As at GitHub: Docker actions see `action_env` alone."""
    access = tagged.job.access
    assert access.script_env == {"ACTIONS_CACHE_SERVICE_V2": "True"}
    assert access.action_env["ACTIONS_CACHE_URL"].endswith("/")
    assert access.action_env.keys() & access.script_env.keys() == set()


def test_no_cache_folder_without_a_cache(rig: Rig, tagged: Cache) -> None:
    assert tagged.find("k") is None
    assert not rig.settings.cache.exists()


class Store:
    """A store that is small, filled by hand."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.clock = Clock()
        self.store = CacheStore(folder, run_id="r", clock=self.clock, limit=limit)

    def save(self, key: str, size: int) -> None:
        made = self.store.reserve(key, "v", "ref")
        (made.blocks._path("")).write_bytes(b"x" * size)
        self.store.assemble(made, [""])
        self.store.commit(made, size)
        self.clock.now += 1

    def find(self, key: str) -> bool:
        self.clock.now += 1
        return self.store.find([key], "v", ["ref"]) is not None

    @property
    def keys(self) -> set[str]:
        return {entry.key for entry in self.store.entries()}


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    kept = Store(tmp_path / "cache", 100)
    for key in "abc":
        kept.save(key, 30)
    assert kept.find("a")
    kept.save("d", 35)
    assert kept.keys == {"a", "c", "d"}
    kept.save("e", 100)
    assert kept.keys == {"e"}
    assert len(list((tmp_path / "cache/blobs").iterdir())) == 1
    with pytest.raises(CacheError, match="has 101 bytes and may have 100"):
        kept.save("f", 101)


def test_what_nobody_uses_for_a_week_goes(tmp_path: Path) -> None:
    kept = Store(tmp_path / "cache", 100)
    kept.save("a", 1)
    kept.clock.now += UNUSED - 10
    assert kept.find("a")
    kept.clock.now += UNUSED + 1
    assert not kept.find("a")
    kept.save("b", 1)
    assert kept.keys == {"b"}


def test_a_blob_that_was_lost_is_a_miss_and_one_that_is_nobodys_goes(tmp_path: Path) -> None:
    kept = Store(tmp_path / "cache", 100)
    kept.save("a", 5)
    (blob,) = (tmp_path / "cache/blobs").iterdir()
    blob.write_bytes(b"123")
    assert not kept.find("a")
    (tmp_path / "cache/blobs/stray").write_bytes(b"x")
    kept.save("b", 1)
    assert not (tmp_path / "cache/blobs/stray").exists()


def test_what_a_killed_process_did_not_finish_goes(tmp_path: Path) -> None:
    uploads = tmp_path / "cache/uploads"
    dead, alive = uploads / "999999999-1-0badb007-a", uploads / f"{Owner.current()}-b"
    for folder in (dead, alive):
        folder.mkdir(parents=True)
    assert folders_of_the_dead(uploads) == (dead,)
    Store(tmp_path / "cache", 100).save("a", 1)
    assert not dead.exists()
    assert alive.exists()


def test_two_processes_make_the_same_entry(tmp_path: Path) -> None:
    stores = [Store(tmp_path / "cache", 1000) for _ in range(8)]
    begin = threading.Barrier(8)

    def save(one: Store) -> str:
        made = one.store.reserve("k", "v", "ref")
        made.blocks._path("").write_bytes(b"x")
        one.store.assemble(made, [""])
        begin.wait()
        try:
            one.store.commit(made, 1)
        except CacheError as error:
            return error.code
        return "made"

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(save, stores)) == ["already_exists"] * 7 + ["made"]
    assert stores[0].find("k")


@pytest.mark.parametrize("file", ["the very path", "../../mine", "a" * 32])
def test_no_entry_is_a_file_of_the_user(tmp_path: Path, file: str) -> None:
    """The repository may bring a cache of its own, whose rows say what they like."""
    mine = tmp_path / "mine"
    mine.write_bytes(b"1234")
    kept = Store(tmp_path / "cache", 100)
    kept.save("a", 4)
    with contextlib.closing(sqlite3.connect(tmp_path / "cache/cache.sqlite3")) as database:
        database.execute("UPDATE entry SET file = ?", (str(mine) if " " in file else file,))
        database.commit()
    (tmp_path / "cache/blobs" / ("a" * 32)).symlink_to(mine)
    assert not kept.find("a")
    for entry in kept.store.entries():
        kept.store.delete(entry)
    assert mine.read_bytes() == b"1234"
