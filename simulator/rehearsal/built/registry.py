"""The rules about built files by code, and their application."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulator.findings import Finding, Severity
from simulator.rehearsal.built import completeness, contents, modules, pythons, readme, versions
from simulator.rehearsal.built.model import Problem, Subject
from simulator.rehearsal.built.versions import is_refused
from simulator.rehearsal.rule import Rule, rule

RULES: Final[Mapping[str, Rule[Subject, Problem]]] = {
    "version-mismatch": rule(
        Severity.ERROR,
        "The tag names a version that no file of the project has (a warning where another project has it).",
        "The release would be published under another version than the tag's; the job that publishes is not run.",
        versions.version_mismatch,
    ),
    "tag-project": rule(
        Severity.WARNING,
        "The tag names a project that was not built (a notice where others were built beside it).",
        "A release of one project publishes another.",
        versions.tag_project,
    ),
    "several-versions": rule(
        Severity.WARNING,
        "Files of another version lie beside those of the newest (an error where the tag says which is meant).",
        "They are left from an older build, and would be published or refused with the others.",
        versions.several_versions,
    ),
    "local-version": rule(
        Severity.ERROR,
        "The version has a part after a `+`; the cause is named where setuptools-scm or the like made it.",
        "Indexes refuse local versions.",
        versions.local_version,
    ),
    "dev-version": rule(
        Severity.WARNING,
        "The version is a development version, and no tag names it (a notice for a branch).",
        "pip does not take it unless it is asked for pre-releases.",
        versions.dev_version,
    ),
    "version-attribute": rule(
        Severity.WARNING,
        "The package says another `__version__` than its metadata.",
        "One of the two places was forgotten when the version was raised.",
        versions.version_attribute,
    ),
    "name-mismatch": rule(
        Severity.ERROR,
        "A file's name has another project or version than its metadata.",
        "The file was renamed after the build, and indexes refuse it.",
        versions.name_mismatch,
    ),
    "missing-sdist": rule(
        Severity.WARNING,
        "A version has wheels and no sdist.",
        "Whoever no wheel fits, and every distributor, has nothing to build from.",
        completeness.missing_sdist,
    ),
    "missing-wheel": rule(
        Severity.WARNING,
        "A version has an sdist and no wheel.",
        "Every install has to build, with the build backend's newest version.",
        completeness.missing_wheel,
    ),
    "metadata-differs": rule(
        Severity.WARNING,
        "Files of one version require different Pythons (a notice where wheels require different projects).",
        "PyPI shows what the first file says, and resolvers take what one file requires for all.",
        completeness.metadata_differs,
    ),
    "file-twice": rule(
        Severity.WARNING,
        "Two artifacts hold files of one name and other content.",
        "When they are downloaded into one folder, one overwrites the other.",
        completeness.file_twice,
    ),
    "several-sdists": rule(
        Severity.ERROR,
        "A version has sdists of different names.",
        "An index takes one sdist a release.",
        completeness.several_sdists,
    ),
    "empty-wheel": rule(
        Severity.WARNING,
        "A wheel installs nothing (an error where the sources hold packages).",
        "The install succeeds, and nothing can be imported.",
        modules.empty_wheel,
    ),
    "missing-modules": rule(
        Severity.WARNING,
        "Modules of a package are in the sources and not in the wheel (an error where a module imports one of them).",
        "Tests from the checkout pass, and users get an ImportError.",
        modules.missing_modules,
    ),
    "sdist-modules": rule(
        Severity.WARNING,
        "Modules of the repository are in the wheel and not in the sdist.",
        "What distributors and users build from the sdist lacks them.",
        modules.sdist_modules,
    ),
    "missing-data": rule(
        Severity.WARNING,
        "Data files of a package, `py.typed` or templates say, are in the sources and not in the wheel.",
        "Build backends leave out what is no module unless they are told.",
        modules.missing_data,
    ),
    "entry-point": rule(
        Severity.ERROR,
        "A command or another entry point names a module that the wheel does not hold.",
        "It fails as soon as it is used.",
        contents.entry_point_modules,
    ),
    "compiled-anywhere": rule(
        Severity.WARNING,
        "A wheel for any platform (`-any.whl`) holds extension modules that were compiled for one.",
        "It gets installed where they cannot be imported.",
        contents.compiled_anywhere,
    ),
    "common-top-level": rule(
        Severity.WARNING,
        "A wheel installs a module called `tests`, `docs`, `build` or the like beside its own.",
        "Projects that do so overwrite each other's files.",
        contents.common_top_level,
    ),
    "unexpected-files": rule(
        Severity.WARNING,
        "Caches, compiled modules or leftovers of editors are in a file.",
        "They bloat it, and may shadow what they were made from.",
        contents.unexpected_files,
    ),
    "secret-files": rule(
        Severity.WARNING,
        "A `.env`, a `.pypirc` or a private key is in a distribution (an error if an upload token is in it).",
        "What was published cannot be recalled.",
        contents.secret_files,
    ),
    "outside-paths": rule(
        Severity.ERROR,
        "A member has an absolute path, or one that leads out of the archive.",
        "pip refuses to unpack it.",
        contents.outside_paths,
    ),
    "record-mismatch": rule(
        Severity.NOTICE,
        "RECORD does not list exactly the members of the wheel.",
        "PyPI mails the owners, and announced that it would refuse such wheels.",
        contents.record_mismatch,
    ),
    "readme-render": rule(
        Severity.ERROR,
        "The description is not valid reStructuredText.",
        "`twine check` fails, and PyPI refuses the file.",
        readme.readme_render,
    ),
    "readme-type": rule(
        Severity.WARNING,
        "The description looks like Markdown and has no content type.",
        "PyPI takes it for reStructuredText.",
        readme.readme_type,
    ),
    "readme-missing": rule(
        Severity.WARNING,
        "A project has no description.",
        "Its page on PyPI says that the author has provided none.",
        readme.readme_missing,
    ),
    "readme-links": rule(
        Severity.WARNING,
        "The description refers to pictures (a notice for links) by relative addresses.",
        "PyPI has no other file of the repository, and no release can be changed afterwards.",
        readme.readme_links,
    ),
    "python-classifiers": rule(
        Severity.WARNING,
        "A classifier names a Python that `requires-python` excludes.",
        "One of them is wrong, and pip goes by `requires-python`.",
        pythons.python_classifiers,
    ),
    "python-excluded": rule(
        Severity.WARNING,
        "The matrix of a workflow has a Python that `requires-python` excludes.",
        "The package cannot be installed there.",
        pythons.python_tested,
    ),
    "python-untested": rule(
        Severity.NOTICE,
        "A classifier names a Python that no workflow sets up, though they name others.",
        "It is a promise that nobody has checked.",
        pythons.python_untested,
    ),
    "no-requires-python": rule(
        Severity.WARNING,
        "A project does not say which Pythons it needs.",
        "pip installs new releases on Pythons that they do not run on.",
        pythons.no_requires_python,
    ),
}


_STOPS: Final = frozenset({"version-mismatch", "several-versions"})


def stops(finding: Finding) -> bool:
    """Whether a publishing job must not run for a finding: an index would take what was not meant."""
    return finding.code in _STOPS and finding.severity is Severity.ERROR and not is_refused(finding)


def judge(subject: Subject) -> tuple[Finding, ...]:
    """What all rules find, in the order of the rules."""
    found = [
        Finding(
            code=code,
            severity=problem.severity or each.severity,
            message=problem.message,
            hint=problem.hint,
            where=problem.where,
            would_show=problem.would_show,
        )
        for code, each in RULES.items()
        for problem in each.check(subject)
    ]
    return tuple(dict.fromkeys(found))
