"""What GraphQL queries see of refs, commits and tags, read from the private clone as they ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from simulator.twins.bodies import whole_number
from simulator.twins.clone import Clone
from simulator.twins.github_api.calls import Arguments, Node, UnsupportedError, moment, utc
from simulator.twins.github_api.objects import Repository, node_id

Tell = Callable[[str], None]
"""Says what was asked for and is known to GitHub alone."""
_FIELDS: Final = ("%H", "%T", "%an", "%ae", "%aI", "%cn", "%ce", "%cI", "%B")
_COMMITTED: Final = "%(if)%(*committerdate)%(then)%(*committerdate:unix)%(else)%(committerdate:unix)%(end)"
_GIT_OBJECT: Final = ("GitObject", "Node")
_MOST: Final = 100  # nodes of a connection that one query may ask for


class GitNodes:
    """The nodes of a repository's git objects."""

    def __init__(self, clone: Clone, repository: Repository) -> None:
        self._clone, self._repository = clone, repository

    def fields(self, tell: Tell) -> Node:
        """What a repository's node has of them."""
        default = self._repository.facts.default_branch

        async def ref(given: Arguments) -> Node | None:
            name = str(given.get("qualifiedName", ""))
            names = [name] if name.startswith("refs/") else [f"refs/tags/{name}", f"refs/heads/{name}", f"refs/{name}"]
            refs = await self._clone.refs()
            found = next((each for each in names if each in refs), None)
            return None if found is None else self.ref(found, refs[found], tell)

        async def refs(given: Arguments) -> Node:
            return await self.refs(given, tell)

        async def named(given: Arguments) -> Node | None:
            sha = await self._clone.object(str(given.get("oid") or given.get("expression") or ""))
            return None if sha is None else await self.object(sha, tell)

        async def default_ref(_given: Arguments) -> Node:
            sha = await self._clone.commit(f"refs/heads/{default}") or await self._clone.commit("HEAD")
            return self.ref(f"refs/heads/{default}", sha or "", tell)

        return {"ref": ref, "refs": refs, "object": named, "defaultBranchRef": default_ref}

    async def refs(self, given: Arguments, tell: Tell) -> Node:
        """The refs below a prefix, by name or by the date of their commit."""
        prefix, wanted = str(given.get("refPrefix") or "refs/"), str(given.get("query") or "")
        order: Mapping[str, Any] = given.get("orderBy") or {}
        form = f"%(refname)%00%(objectname)%00{_COMMITTED}"
        rows = [row.split("\0") for row in (await self._clone.text("for-each-ref", f"--format={form}")).splitlines()]
        below = [row for row in rows if row[0].startswith(prefix) and wanted in row[0].removeprefix(prefix)]
        if order.get("field") == "TAG_COMMIT_DATE":
            below.sort(key=lambda row: (int(row[2] or 0), row[0]))
        if "DESC" in {order.get("direction"), given.get("direction")}:
            below.reverse()
        return connection([self.ref(ref, sha, tell, prefix=prefix) for ref, sha, _ in below], given)

    def ref(self, ref: str, sha: str, tell: Tell, *, prefix: str = "") -> Node:
        """A branch or a tag."""
        name = ref.removeprefix(prefix) if prefix else ref.split("/", 2)[-1]

        async def target(_given: Arguments) -> Node:
            return await self.object(sha, tell)

        return {"id": node_id("Ref", ref), "name": name, "prefix": ref.removesuffix(name), "target": target}

    async def object(self, sha: str, tell: Tell) -> Node:
        """An object by its full name."""
        kind = (await self._clone.text("cat-file", "-t", sha)).title()
        if kind == "Commit":
            (commit,) = await self._commits(["--max-count=1", sha], tell)
            return commit
        own: Node = {"__typename": kind, "__implements": _GIT_OBJECT, "id": node_id(kind, sha), "oid": sha}
        return {**own, **await self._tag(sha, tell)} if kind == "Tag" else own

    async def _tag(self, sha: str, tell: Tell) -> Node:
        head, _, message = (await self._clone.text("cat-file", "tag", sha)).partition("\n\n")
        fields = dict(line.split(" ", 1) for line in head.splitlines())
        who, _, when = fields.get("tagger", " <> 0 +0000").rpartition("> ")
        name, _, email = who.partition(" <")

        async def target(_given: Arguments) -> Node:
            return await self.object(fields["object"], tell)

        tagger = {"name": name, "email": email, "date": moment(int(when.split()[0])), "user": None}
        return {"name": fields["tag"], "message": message, "tagger": tagger, "target": target}

    async def _commits(self, words: Sequence[str], tell: Tell) -> list[Node]:
        form, size = "%x00".join(_FIELDS), len(_FIELDS)
        out = await self._clone.ask("log", "-z", "--no-show-signature", f"--format={form}", *words)
        fields = (out or b"").decode("utf-8", "replace").split("\0")
        return [self._commit(fields[at : at + size], tell) for at in range(0, len(fields) - size + 1, size)]

    def _commit(self, row: Sequence[str], tell: Tell) -> Node:
        sha, tree, author, author_email, authored, committer, committer_email, committed, body = row
        message = body.rstrip("\n")

        async def history(given: Arguments) -> Node:
            return await self._history(sha, given, tell)

        async def pulls(given: Arguments) -> Node:
            tell("which pull requests belong to a commit")
            return connection([], given)

        return {
            "__typename": "Commit",
            "__implements": _GIT_OBJECT,
            "id": node_id("Commit", sha),
            "oid": sha,
            "abbreviatedOid": sha[:7],
            "message": message,
            "messageHeadline": message.partition("\n")[0],
            "messageBody": message.partition("\n")[2].strip(),
            "authoredDate": utc(authored),
            "committedDate": utc(committed),
            "author": {"name": author, "email": author_email, "date": utc(authored), "user": None},
            "committer": {"name": committer, "email": committer_email, "date": utc(committed), "user": None},
            "url": f"{self._repository.page}/commit/{sha}",
            "tree": {"oid": tree, "id": node_id("Tree", tree)},
            "history": history,
            "associatedPullRequests": pulls,
        }

    async def _history(self, sha: str, given: Arguments, tell: Tell) -> Node:
        """The commits before one, it included, the newest first; cursors are positions."""
        if given.get("author"):
            raise UnsupportedError("history of an author")
        times = [f"--{name}={value}" for name in ("since", "until") if (value := given.get(name))]
        path = ["--", str(given["path"])] if given.get("path") else ["--"]
        start = _position(given)
        size = min(_size(given.get("first") or _MOST), _MOST)
        found = await self._commits([*times, f"--skip={start}", f"--max-count={size + 1}", sha, *path], tell)
        total = int(await self._clone.text("rev-list", "--count", *times, sha, *path) or 0)
        shown, end = found[:size], start + len(found[:size])
        return {**_page(shown, start), "totalCount": total, **_info(end, more=len(found) > size)}


def connection(nodes: list[Any], given: Arguments) -> Node:
    """A page of nodes; cursors are positions. Raises UnsupportedError."""
    start = _position(given)
    if given.get("last") and not given.get("first"):
        start = max(start, len(nodes) - _size(given["last"]))
    end = start + _size(given.get("first") or len(nodes))
    shown = nodes[start:end]
    return {**_page(shown, start), "totalCount": len(nodes), **_info(min(end, len(nodes)), more=end < len(nodes))}


def _position(given: Arguments) -> int:
    return whole_number(str(given.get("after") or "0")) or 0


def _size(given: object) -> int:
    count = whole_number(str(given))
    if count is None:
        raise UnsupportedError("a page of that size")
    return count


def _page(nodes: list[Any], start: int) -> Node:
    edges = [{"node": node, "cursor": str(at)} for at, node in enumerate(nodes, start + 1)]
    return {"nodes": nodes, "edges": edges}


def _info(end: int, *, more: bool) -> Node:
    return {"pageInfo": {"hasNextPage": more, "endCursor": str(end)}}
