"""The objects of GitHub's REST answers that hold no state of the run: users, the repository, addresses.

Shapes from GitHub's REST documentation. Knows no route and no store.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from simulator.twins.callers import BOT, Caller
from simulator.twins.github_api.calls import Json
from simulator.twins.github_api.facts import RepositoryFacts
from simulator.twins.hosts import GITHUB

API: Final = "https://api.github.com"
UPLOADS: Final = "https://uploads.github.com"
BOT_ID: Final = 41898282  # of github-actions[bot]
_USER_URLS: Final = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_REPOSITORY_URLS: Final = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
_COUNTS: Final = ("forks", "forks_count", "open_issues", "open_issues_count", "stargazers_count", "watchers")


def node_id(kind: str, number: int | str) -> str:
    """An opaque id, as the GraphQL API would know the object."""
    return base64.b64encode(f"0:{kind}{number}".encode()).decode()


def user(login: str, number: int, kind: str = "User") -> Json:
    """A user, an organization or a bot."""
    name = quote(login)
    url = f"{API}/users/{name}"
    page = f"https://{GITHUB}/apps/{name.removesuffix('%5Bbot%5D')}" if kind == "Bot" else f"https://{GITHUB}/{name}"
    return {
        "login": login,
        "id": number,
        "node_id": node_id(kind, number),
        "avatar_url": f"https://avatars.githubusercontent.com/u/{number}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": page,
        **{name: f"{url}{rest}" for name, rest in _USER_URLS.items()},
        "type": kind,
        "user_view_type": "public",
        "site_admin": False,
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """The rehearsed repository: what is known of it, and where its parts are addressed."""

    full_name: str
    facts: RepositoryFacts

    @property
    def owner(self) -> str:
        """The name of its owner."""
        return self.full_name.partition("/")[0]

    @property
    def name(self) -> str:
        """Its own name."""
        return self.full_name.partition("/")[2]

    @property
    def url(self) -> str:
        """Its address in the API."""
        return f"{API}/repos/{self.full_name}"

    @property
    def page(self) -> str:
        """Its address for people."""
        return f"https://{GITHUB}/{self.full_name}"

    @property
    def users(self) -> dict[str, Json]:
        """The users that are known, by login in lower case."""
        facts = self.facts
        known = [
            user(self.owner, facts.owner_id),
            user(facts.actor, facts.actor_id),
            user(BOT, BOT_ID, "Bot"),
        ]
        return {str(item["login"]).lower(): item for item in reversed(known)}

    def acting(self, caller: Caller) -> Json:
        """Who does something: the bot for a job's own token, else who started the run."""
        return self.users[(self.facts.actor if caller.user else BOT).lower()]

    def shown(self, *, caller: Caller) -> Json:
        """The object that the API shows."""
        facts = self.facts
        writes = caller.may("contents", "write")
        return {
            "id": facts.id,
            "node_id": node_id("Repository", facts.id),
            "name": self.name,
            "full_name": self.full_name,
            "private": facts.private,
            "owner": self.users[self.owner.lower()],
            "html_url": self.page,
            "description": None,
            "fork": False,
            "url": self.url,
            **{name: f"{self.url}{rest}" for name, rest in _REPOSITORY_URLS.items()},
            "git_url": f"git://{GITHUB}/{self.full_name}.git",
            "ssh_url": f"git@{GITHUB}:{self.full_name}.git",
            "clone_url": f"{self.page}.git",
            "svn_url": self.page,
            "mirror_url": None,
            "homepage": None,
            "language": None,
            "license": None,
            **dict.fromkeys(_COUNTS, 0),
            "watchers_count": 0,
            "size": 0,
            "default_branch": facts.default_branch,
            "archived": False,
            "disabled": False,
            "has_issues": True,
            "has_projects": True,
            "has_wiki": True,
            "has_pages": False,
            "has_downloads": True,
            "has_discussions": False,
            "is_template": False,
            "allow_forking": True,
            "web_commit_signoff_required": False,
            "topics": [],
            "visibility": facts.visibility,
            "permissions": {
                "admin": False,
                "maintain": False,
                "push": writes,
                "triage": writes,
                "pull": caller.known,
            },
        }
