"""The built files of a rehearsal: what is around them in the repository, and when they are judged. Runs nothing."""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import NormalizedName

from simulator.archives import CHUNK
from simulator.indexes import IndexName
from simulator.operations.kept_state import kept_state
from simulator.operations.prepared import PreparedRehearsal
from simulator.operations.trees import CommitTree, Tree
from simulator.planning.calls import all_jobs
from simulator.planning.model import Plan
from simulator.planning.tools import CHECKOUT
from simulator.positions import Span
from simulator.rehearsal.built import model
from simulator.rehearsal.built.pythons import tested_pythons
from simulator.rehearsal.built.registry import check
from simulator.rehearsal.built.versions import stops
from simulator.rehearsal.distributions import Distribution
from simulator.rehearsal.observer import Observer
from simulator.rehearsal.projects import Project, projects_of, pyproject_files
from simulator.rehearsal.refusals import predicted_refusals, span_of_words
from simulator.rehearsal.released import yanked_again
from simulator.rehearsal.rules.model import Subject as WorkflowSubject
from simulator.rehearsal.rules.release import publishing_of
from simulator.rehearsal.rules.versions import shallow_checkout
from simulator.safe_files import new_file
from simulator.twins.base import PublishedFile
from simulator.workflow.model import Workflow


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What a repository says of its projects."""

    tree: Tree
    projects: Mapping[NormalizedName, Project]
    pythons: model.Pythons
    checkout: Span | None


def surroundings(tree: Tree, workflows: Mapping[str, Workflow], rehearsed: Sequence[Workflow]) -> Surroundings:
    """Of a repository with these workflows, by path; `rehearsed` are those that build."""
    projects = projects_of(pyproject_files(tree))
    tools = {project.git_tool for project in projects.values()}
    tool = tools.pop() if len(tools) == 1 else None
    places = (
        problem.span
        for workflow in rehearsed
        for problem in shallow_checkout.check(WorkflowSubject(workflow=workflow, others=workflows, git_version=tool))
    )
    pythons = tested_pythons(workflows.values())
    return Surroundings(tree=tree, projects=projects, pythons=pythons, checkout=next(places, None))


class Inspection:
    """Judges what a rehearsal builds, each set of files once, and raises the findings."""

    def __init__(self, prepared: PreparedRehearsal, observer: Observer) -> None:
        self._prepared, self._observer = prepared, observer
        self._verdicts: dict[frozenset[str], str | None] = {}
        observer.span_of_words = lambda words: span_of_words(words, self.around.projects)

    @functools.cached_property
    def around(self) -> Surroundings:
        """What the rehearsed commit says."""
        prepared = self._prepared
        rehearsed = [workflow for item in prepared.plans for workflow, _ in all_jobs(item)]
        unique = list({each.path: each for each in rehearsed}.values())
        return surroundings(CommitTree(prepared.source), prepared.files.models, unique)

    def judge_built(self, item: Plan, built: Sequence[Distribution], excessive: Sequence[str] = ()) -> str | None:
        """Judge files that a plan makes; why none of them may be published. `excessive` are unread sdists."""
        key = frozenset((*(found.filename for found in built), *excessive))
        if key and key not in self._verdicts:
            around, event = self.around, item.event
            findings = check(
                model.Subject(
                    distributions=built,
                    excessive=excessive,
                    ref=event.ref_name,
                    ref_type="tag" if event.ref_type == "tag" else "branch",
                    tree=around.tree,
                    projects=around.projects,
                    pythons=around.pythons,
                    checkout=around.checkout,
                    changed=self._changed(),
                )
            )
            for finding in findings:
                self._observer.raise_finding(finding)
            self._verdicts[key] = next(filter(None, map(stops, findings)), None)
        return self._verdicts.get(key)

    def _changed(self) -> Sequence[model.ChangedFile]:
        """What the jobs changed of what the commit has."""
        changed = self._observer.facts.changed.items()
        return [
            model.ChangedFile(
                path=path,
                step=step.name if step and not step.uses(CHECKOUT) else None,
                span=step.span if step else None,
            )
            for path, step in changed
        ]

    def judge_published(self, item: Plan, published: Sequence[Distribution]) -> None:
        """After the jobs, judge what was built where it was published: no artifact could be judged before."""
        names = {found.filename for found in published}
        if not names <= {name for key in self._verdicts for name in key}:
            self.judge_built(item, published)

    def judge_unpublished(self, item: Plan, built: Sequence[Distribution]) -> None:
        """Judge files that no job came to offer to an index, and tell what PyPI would refuse."""
        self.judge_built(item, built)
        if not built or self._observer.offered:
            return
        from simulator.twins.pypi.foresight import foresee

        prepared, index = self._prepared, _index(item)
        with tempfile.TemporaryDirectory(prefix="pysim-built-") as folder:
            paths = {Path(folder, found.filename): found for found in built}
            for path, found in paths.items():
                with found.open() as source, new_file(path) as target:
                    shutil.copyfileobj(source, target, CHUNK)
            baseline = kept_state(prepared.root).index
            refusals = foresee(list(paths), baseline=baseline, index=index, now=prepared.request.now)
        for finding in predicted_refusals(refusals, index, self._observer.findings, self.around.projects):
            self._observer.raise_finding(finding)

    def warn_of_yanked(self, published: Sequence[PublishedFile]) -> None:
        """Tell of releases that took files and are yanked."""
        from simulator.twins.pypi.foresight import yanked

        baseline = kept_state(self._prepared.root).index
        for index in dict.fromkeys(file.index for file in published):
            releases = {(file.project, file.version): None for file in published if file.index == index}
            for finding in yanked_again(yanked(releases, baseline=baseline, index=index), index):
                self._observer.raise_finding(finding)


def _index(item: Plan) -> IndexName:
    """The index that a plan publishes to, the first of several."""
    named = (found.index for workflow, job in all_jobs(item) for found in publishing_of(workflow, job))
    return next((name for name in named if name), "pypi")
