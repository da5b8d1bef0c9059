"""The form in which an index registers a publisher: what it wants, and its address. Knows no check of it."""

from __future__ import annotations

from urllib.parse import urlencode

from simulator.indexes import Index
from simulator.publisher_records import PublisherForm
from simulator.twins.pypi.publishers import Registration


def form_of(
    index: Index, row: Registration, project: str, *, pending: bool, there: bool | None = None, named: bool = True
) -> PublisherForm:
    """The form for one project of a publisher; `named` says whether the repository's names are those at GitHub.

    The page of a project fills its form in from the address. The page for projects to be made takes nothing from there
    (warehouse, commit 6b62157).
    """
    given = {
        "provider": "github",
        "owner": row.owner if named else "",
        "repository": row.repository if named else "",
        "workflow_filename": row.workflow,
        "environment": row.environment,
    }
    query = urlencode({name: value for name, value in given.items() if value})
    where = "account/publishing/" if pending else f"project/{project}/settings/publishing/?{query}"
    return PublisherForm(
        project=project,
        owner=given["owner"],
        repository=given["repository"],
        workflow=row.workflow,
        environment=row.environment,
        pending=pending,
        page=f"https://{index.main_host}/manage/{where}",
        there=there,
    )
