"""The API's view of commits, branches, tags, files and archives, read from the private clone. Changes nothing."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from starlette.responses import JSONResponse, Response

from simulator.twins.clone import Clone
from simulator.twins.github_api.calls import (
    NOT_FOUND,
    ApiError,
    Call,
    Endpoint,
    Json,
    as_asked,
    link_header,
    paged,
    utc,
    window,
)
from simulator.twins.github_api.objects import Repository, node_id
from simulator.twins.github_api.refs import SHA, UNSIGNED
from simulator.twins.repository_rules import RepositoryRules

_FIELDS: Final = ("%H", "%T", "%P", "%an", "%ae", "%aI", "%cn", "%ce", "%cI", "%B")
_STATUS: Final = {"A": "added", "D": "removed", "M": "modified", "T": "changed", "R": "renamed"}
_KINDS: Final = {"blob": "file", "tree": "dir", "commit": "submodule"}
_READMES: Final = ("readme.md", "readme.rst", "readme.txt", "readme")
_MOST_COMPARED: Final = 250
_HEADS: Final = "refs/heads/"
_LINK: Final = "120000"  # git's mode of a symbolic link
_ARCHIVES: Final[Mapping[str, str]] = {"tarball": "tar.gz", "zipball": "zip"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """An entry of a tree; `size` is None for what is no file."""

    mode: str
    kind: str
    sha: str
    size: int | None
    path: str


class History:
    """The routes that read the repository."""

    def __init__(self, *, clone: Clone, repository: Repository, rules: RepositoryRules) -> None:
        self._clone, self._repository, self._rules = clone, repository, rules

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """What this answers."""
        return (
            Endpoint("GET", "/commits", self._commits, docs="commits/commits#list-commits"),
            Endpoint("GET", "/commits/{ref:path}", self._commit, docs="commits/commits#get-a-commit"),
            Endpoint("GET", "/compare/{ends:path}", self._compare, docs="commits/commits#compare-two-commits"),
            Endpoint("GET", "/git/commits/{sha}", self._git_commit, docs="git/commits#get-a-commit-object"),
            Endpoint("GET", "/git/trees/{sha:path}", self._tree, docs="git/trees#get-a-tree"),
            Endpoint("GET", "/git/blobs/{sha}", self._blob, docs="git/blobs#get-a-blob"),
            Endpoint("GET", "/branches", self._branches, docs="branches/branches#list-branches"),
            Endpoint("GET", "/branches/{name:path}", self._branch, docs="branches/branches#get-a-branch"),
            Endpoint("GET", "/tags", self._tags, docs="repos/repos#list-repository-tags"),
            Endpoint("GET", "/readme", self._readme, docs="repos/contents#get-a-repository-readme"),
            Endpoint("GET", "/contents", self._root, docs="repos/contents#get-repository-content"),
            Endpoint("GET", "/contents/{path:path}", self._contents, docs="repos/contents#get-repository-content"),
            *(
                Endpoint("GET", route, self._archive, docs="repos/contents#download-a-repository-archive-tar")
                for kind in _ARCHIVES
                for route in (f"/{{kind:{kind}}}", f"/{{kind:{kind}}}/{{ref:path}}")
            ),
        )

    # ---- commits

    async def _commits(self, call: Call) -> Response:
        """Newest first; the next page is told by one commit more than was asked for."""
        start, size = window(call)
        sha = await self._resolve(call.query("sha"))
        options = [f"--{name}={value}" for name in ("author", "since", "until") if (value := call.query(name))]
        words = [*options, f"--skip={start}", f"--max-count={size + 1}", sha, "--", *filter(None, [call.query("path")])]
        found, page = await self._log(*words), start // size + 1
        links = {"next": page + 1} if len(found) > size else {}
        links |= {"prev": page - 1, "first": 1} if page > 1 else {}
        return JSONResponse(found[:size], headers=link_header(call, links))

    async def _commit(self, call: Call) -> Response:
        sha = await self._resolve(call.part("ref"), status=422)
        if asked := call.wants("sha"):
            return as_asked(sha, asked)
        if asked := call.wants("diff"):
            return as_asked(await self._clone.ask("show", "--format=", "--patch", sha) or b"", asked)
        if asked := call.wants("patch"):
            return as_asked(await self._clone.ask("format-patch", "--stdout", "-1", sha) or b"", asked)
        (commit,) = await self._log("--max-count=1", sha)
        parent = commit["parents"][0]["sha"] if commit["parents"] else None
        files = await self._files(*([parent, sha] if parent else ["--root", sha]))
        added, deleted = (sum(file[name] for file in files) for name in ("additions", "deletions"))
        stats = {"total": added + deleted, "additions": added, "deletions": deleted}
        return JSONResponse({**commit, "stats": stats, "files": files})

    async def _compare(self, call: Call) -> Response:
        base, dots, head = call.part("ends").partition("...")
        if not dots:
            raise ApiError(404, NOT_FOUND)
        old, new = await self._resolve(base), await self._resolve(head)
        merge_base = await self._clone.text("merge-base", old, new)
        if not merge_base:
            raise ApiError(404, f"No common ancestor between {base} and {head}.")
        if asked := call.wants("diff"):
            return as_asked(await self._clone.ask("diff", merge_base, new) or b"", asked)
        if asked := call.wants("patch"):
            return as_asked(await self._clone.ask("format-patch", "--stdout", f"{old}..{new}") or b"", asked)
        counted = await self._clone.text("rev-list", "--left-right", "--count", f"{old}...{new}")
        behind, ahead = map(int, counted.split())
        status = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
        commits = await self._log(f"--max-count={_MOST_COMPARED}", f"{old}..{new}")
        (base_commit,) = await self._log("--max-count=1", old)
        (common,) = await self._log("--max-count=1", merge_base)
        page = f"{self._repository.page}/compare/{base}...{head}"
        return JSONResponse(
            {
                "url": f"{self._repository.url}/compare/{base}...{head}",
                "html_url": page,
                "permalink_url": page,
                "diff_url": f"{page}.diff",
                "patch_url": f"{page}.patch",
                "base_commit": base_commit,
                "merge_base_commit": common,
                "status": status,
                "ahead_by": ahead,
                "behind_by": behind,
                "total_commits": ahead,
                "commits": commits[::-1],
                "files": await self._files(merge_base, new),
            }
        )

    async def _git_commit(self, call: Call) -> Response:
        (commit,) = await self._log("--max-count=1", await self._resolve(call.part("sha")))
        own = {name: commit[name] for name in ("sha", "node_id", "html_url", "parents")}
        url = f"{self._repository.url}/git/commits/{commit['sha']}"
        return JSONResponse({**own, **commit["commit"], "url": url})

    async def _resolve(self, name: str, *, status: int = 404) -> str:
        """The commit of a branch, a tag or a sha, of the default branch without one. Raises ApiError."""
        name = name or self._repository.facts.default_branch
        short = name.removeprefix("refs/").removeprefix("heads/").removeprefix("tags/")
        for revision in (f"refs/{name}", f"refs/heads/{short}", f"refs/tags/{short}", short):
            if sha := await self._clone.commit(revision):
                return sha
        if name == self._repository.facts.default_branch and (sha := await self._clone.commit("HEAD")):
            return sha
        raise ApiError(status, NOT_FOUND if status == 404 else f"No commit found for SHA: {name}")

    async def _log(self, *words: str) -> list[Json]:
        form = "%x00".join(_FIELDS)
        out = await self._clone.ask("log", "-z", "--no-show-signature", f"--format={form}", *words)
        fields = (out or b"").decode("utf-8", "replace").split("\0")
        size = len(_FIELDS)
        return [self._shown_commit(fields[at : at + size]) for at in range(0, len(fields) - size + 1, size)]

    def _shown_commit(self, row: list[str]) -> Json:
        sha, tree, parents, author, author_email, authored, committer, committer_email, committed, message = row
        url, page = f"{self._repository.url}/commits", f"{self._repository.page}/commit"
        git = f"{self._repository.url}/git"
        return {
            "sha": sha,
            "node_id": node_id("Commit", sha),
            "commit": {
                "author": {"name": author, "email": author_email, "date": utc(authored)},
                "committer": {"name": committer, "email": committer_email, "date": utc(committed)},
                "message": message.rstrip("\n"),
                "tree": {"sha": tree, "url": f"{git}/trees/{tree}"},
                "url": f"{git}/commits/{sha}",
                "comment_count": 0,
                "verification": UNSIGNED,
            },
            "url": f"{url}/{sha}",
            "html_url": f"{page}/{sha}",
            "comments_url": f"{url}/{sha}/comments",
            "author": None,  # whose mail address it is, only GitHub knows
            "committer": None,
            "parents": [{"sha": p, "url": f"{url}/{p}", "html_url": f"{page}/{p}"} for p in parents.split()],
        }

    async def _files(self, *ends: str) -> list[Json]:
        """The changed files between two trees, in GitHub's words."""
        words = ("diff-tree", "-r", "-z", "--no-commit-id", "--no-renames")
        kinds = (await self._clone.text(*words, "--name-status", *ends)).split("\0")
        counts = (await self._clone.text(*words, "--numstat", *ends)).split("\0")
        status = dict(zip(kinds[1::2], kinds[::2], strict=False))
        rows = [row.split("\t", 2) for row in counts if row]
        return [
            {
                "filename": path,
                "status": _STATUS.get(status.get(path, "M"), "modified"),
                "additions": (plus := int(added) if added.isdecimal() else 0),
                "deletions": (minus := int(deleted) if deleted.isdecimal() else 0),
                "changes": plus + minus,
                "contents_url": f"{self._repository.url}/contents/{quote(path)}?ref={ends[-1]}",
            }
            for added, deleted, path in rows
        ]

    # ---- branches and tags

    async def _branches(self, call: Call) -> Response:
        refs = await self._clone.refs()
        heads = {ref.removeprefix(_HEADS): sha for ref, sha in refs.items() if ref.startswith(_HEADS)}
        return paged(call, [self._branch_of(name, sha) for name, sha in heads.items()])

    async def _branch(self, call: Call) -> Response:
        name = call.part("name")
        sha = await self._clone.commit(f"refs/heads/{name}")
        if sha is None:
            raise ApiError(404, "Branch not found")
        (commit,) = await self._log("--max-count=1", sha)
        return JSONResponse({**self._branch_of(name, sha), "commit": commit})

    def _branch_of(self, name: str, sha: str) -> Json:
        return {
            "name": name,
            "commit": {"sha": sha, "url": f"{self._repository.url}/commits/{sha}"},
            "protected": self._rules.protects(name),
        }

    async def _tags(self, call: Call) -> Response:
        form = "%(refname:strip=2)%00%(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)"
        rows = await self._clone.text("for-each-ref", "--sort=-version:refname", f"--format={form}", "refs/tags")
        found = []
        for name, sha in (row.split("\0") for row in rows.splitlines()):
            ball = {f"{kind}_url": f"{self._repository.url}/{kind}/refs/tags/{quote(name)}" for kind in _ARCHIVES}
            commit = {"sha": sha, "url": f"{self._repository.url}/commits/{sha}"}
            found.append({"name": name, **ball, "commit": commit, "node_id": node_id("Ref", name)})
        return paged(call, found)

    # ---- files

    async def _root(self, call: Call) -> Response:
        return await self._content(call, "")

    async def _contents(self, call: Call) -> Response:
        return await self._content(call, call.part("path").strip("/"))

    async def _content(self, call: Call, path: str) -> Response:
        ref = await self._resolve(call.query("ref"))
        entries = await self._entries(ref, path)
        itself = next((entry for entry in entries if entry.path == path), None)
        if path and itself is None:
            raise ApiError(404, NOT_FOUND)
        if itself is not None and itself.kind == "blob":
            return await self._file(call, itself, ref)
        if itself is not None and itself.kind == "commit":
            return JSONResponse(self._shown_entry(itself, ref))
        inside = await self._entries(ref, f"{path}/" if path else "")
        shown = [self._shown_entry(entry, ref) for entry in inside]
        if call.wants("object"):
            folder = Entry(mode="", kind="tree", sha=await self._clone.object(f"{ref}:{path}") or "", size=0, path=path)
            return JSONResponse({**self._shown_entry(folder, ref), "entries": shown})
        return JSONResponse(shown)

    async def _file(self, call: Call, entry: Entry, ref: str) -> Response:
        content = await self._clone.ask("cat-file", "blob", entry.sha) or b""
        if asked := call.wants("raw"):
            return as_asked(content, asked)
        call.refuse_rendered()
        encoded = base64.encodebytes(content).decode()
        return JSONResponse({**self._shown_entry(entry, ref), "content": encoded, "encoding": "base64"})

    async def _readme(self, call: Call) -> Response:
        ref = await self._resolve(call.query("ref"))
        found = {entry.path.lower(): entry for entry in await self._entries(ref, "")}
        entry = next((found[name] for name in _READMES if name in found), None)
        if entry is None:
            raise ApiError(404, NOT_FOUND)
        return await self._file(call, entry, ref)

    async def _entries(self, ref: str, path: str, *options: str) -> list[Entry]:
        words = ("--literal-pathspecs", "ls-tree", "-z", "-l", "--full-tree", *options, ref)
        out = await self._clone.ask(*words, "--", *([path] if path else []))
        found = []
        for row in (out or b"").decode("utf-8", "replace").split("\0"):
            meta, tab, name = row.partition("\t")
            if tab:
                mode, kind, sha, size = meta.split()
                number = int(size) if size.isdecimal() else None
                found.append(Entry(mode=mode, kind=kind, sha=sha, size=number, path=name))
        return found

    def _shown_entry(self, entry: Entry, ref: str) -> Json:
        path, name = quote(entry.path), entry.path.rpartition("/")[2]
        kind = "symlink" if entry.mode == _LINK else _KINDS[entry.kind]
        own = f"{self._repository.url}/contents/{path}?ref={ref}"
        page = f"{self._repository.page}/{'tree' if kind == 'dir' else 'blob'}/{ref}/{path}"
        git = f"{self._repository.url}/git/{entry.kind}s/{entry.sha}"
        raw = f"https://raw.githubusercontent.com/{self._repository.full_name}/{ref}/{path}"
        return {
            "name": name,
            "path": entry.path,
            "sha": entry.sha,
            "size": entry.size or 0,
            "url": own,
            "html_url": page,
            "git_url": git,
            "download_url": raw if entry.kind == "blob" else None,
            "type": kind,
            "_links": {"self": own, "git": git, "html": page},
        }

    async def _tree(self, call: Call) -> Response:
        tree = await self._clone.object(f"{call.part('sha')}^{{tree}}")
        if tree is None:
            raise ApiError(404, NOT_FOUND)
        entries = await self._entries(tree, "", *(["-r", "-t"] if call.query("recursive") else []))
        rows = [self._tree_row(entry) for entry in entries]
        url = f"{self._repository.url}/git/trees/{tree}"
        return JSONResponse({"sha": tree, "url": url, "tree": rows, "truncated": False})

    def _tree_row(self, entry: Entry) -> Json:
        row: Json = {"path": entry.path, "mode": entry.mode, "type": entry.kind, "sha": entry.sha}
        size = {} if entry.size is None else {"size": entry.size}
        link = {} if entry.kind == "commit" else {"url": f"{self._repository.url}/git/{entry.kind}s/{entry.sha}"}
        return {**row, **size, **link}

    async def _blob(self, call: Call) -> Response:
        sha = call.part("sha")
        content = await self._clone.ask("cat-file", "blob", sha) if SHA.fullmatch(sha) else None
        if content is None:
            raise ApiError(404, NOT_FOUND)
        if asked := call.wants("raw"):
            return as_asked(content, asked)
        encoded = {"content": base64.encodebytes(content).decode(), "encoding": "base64", "size": len(content)}
        url = f"{self._repository.url}/git/blobs/{sha}"
        return JSONResponse({"sha": sha, "node_id": node_id("Blob", sha), "url": url, **encoded})

    async def _archive(self, call: Call) -> Response:
        """The archive itself; GitHub redirects to a host that hands it out."""
        kind = call.part("kind")
        sha = await self._resolve(str(call.request.path_params.get("ref", "")))
        prefix = f"{self._repository.full_name.replace('/', '-')}-{sha[:7]}"
        return await archive(self._clone, sha, form=_ARCHIVES[kind], prefix=prefix)


async def archive(clone: Clone, sha: str, *, form: str, prefix: str) -> Response:
    """The files of a commit below one folder, as `tar.gz` or `zip`."""
    content = await clone.ask("archive", f"--format={form}", f"--prefix={prefix}/", sha)
    if content is None:
        raise ApiError(404, NOT_FOUND)
    kind = "application/zip" if form == "zip" else "application/x-gzip"
    headers = {"content-disposition": f"attachment; filename={prefix}.{form}"}
    return Response(content, media_type=kind, headers=headers)
