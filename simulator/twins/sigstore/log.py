"""A transparency log: entries in a Merkle tree (RFC 6962), each with its proof and the log's signatures.

Answers in the form of Rekor's API, version 1. Knows no request.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from simulator.twins.hosts import REKOR
from simulator.twins.sigstore.root import Log

TREE: Final = 1193050959916656506
Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """An entry: its name in the log, and what the log says of it."""

    uuid: str
    index: int
    answer: Json


class TransparencyLog:
    """The log of one run; may be added to from any thread."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._leaves: list[bytes] = []
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    def add(self, entry: Json, now: float) -> Entry:
        """Append an entry, which is put into its canonical form (RFC 8785; all of it are strings)."""
        body = _canonical(entry)
        with self._lock:
            index = len(self._leaves)
            self._leaves.append(hashlib.sha256(b"\0" + body).digest())
            promised = {
                "body": base64.b64encode(body).decode(),
                "integratedTime": int(now),
                "logID": self._log.id.hex(),
                "logIndex": index,
            }
            promise = self._log.sign(_canonical(promised))
            verification = {
                "inclusionProof": self._proof(index),
                "signedEntryTimestamp": base64.b64encode(promise).decode(),
            }
            uuid = f"{TREE:016x}{self._leaves[index].hex()}"
            added = Entry(uuid=uuid, index=index, answer={uuid: {**promised, "verification": verification}})
            self._entries.append(added)
        return added

    def find(self, *, uuid: str | None = None, index: str | None = None) -> Entry | None:
        """An entry of this run, by its name or by its number."""
        return next((found for found in self._entries if found.uuid == uuid or str(found.index) == index), None)

    def _proof(self, index: int) -> Json:
        size = len(self._leaves)
        root = _root(self._leaves)
        note = f"{REKOR} - {TREE}\n{size}\n{base64.b64encode(root).decode()}\n"
        signature = base64.b64encode(self._log.id[:4] + self._log.sign(note.encode())).decode()
        return {
            "checkpoint": f"{note}\n\u2014 {REKOR} {signature}\n",
            "hashes": [digest.hex() for digest in _path(index, self._leaves)],
            "logIndex": index,
            "rootHash": root.hex(),
            "treeSize": size,
        }


def _root(leaves: Sequence[bytes]) -> bytes:
    """The hash of a tree with at least one leaf."""
    if len(leaves) == 1:
        return leaves[0]
    half = _half(leaves)
    return hashlib.sha256(b"\1" + _root(leaves[:half]) + _root(leaves[half:])).digest()


def _path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The hashes beside the way from a leaf up to the root."""
    if len(leaves) == 1:
        return []
    half = _half(leaves)
    if index < half:
        return [*_path(index, leaves[:half]), _root(leaves[half:])]
    return [*_path(index - half, leaves[half:]), _root(leaves[:half])]


def _half(leaves: Sequence[bytes]) -> int:
    """The greatest power of two below the number of leaves."""
    return int(1 << (len(leaves) - 1).bit_length() - 1)


def _canonical(value: Json) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
