"""Where a publishing command or an action uploads to, as its tool would find out."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from simulator.indexes import indexes
from simulator.planning.uploads import destinations_of_action, destinations_of_script, foreign, nothing_read

PYPI, TEST = indexes()["pypi"].upload_url, indexes()["testpypi"].upload_url
CORP = "https://pkgs.corp.example/legacy/"
UV = f"""
[[tool.uv.index]]
name = "internal"
url = "https://pkgs.corp.example/simple/"
publish-url = "{CORP}"
[[tool.uv.index]]
name = "testpypi"
publish-url = "{TEST}"
[[tool.uv.index]]
name = "pypi"
publish-url = "{CORP}"
"""
PYPIRC = (
    f"[distutils]\nindex-servers =\n  corp\n  pypi\n[corp]\nrepository: {CORP}\nusername: a%b\n[pypi]\nusername = x\n"
)
HATCH = (
    f'[publish.index]\nrepo = "corp"\n[publish.index.repos.corp]\nurl = "{CORP}"\n[publish.index.repos]\nb = "{CORP}"\n'
)
POETRY = f'[repositories.corp]\nurl = "{CORP}"\n'
PDM = f'[repository.corp]\nurl = "{CORP}"\n'
HOME = {
    "~/.pypirc": PYPIRC,
    "pyproject.toml": UV,
    "~/.config/pypoetry/config.toml": POETRY,
    "pdm.toml": PDM,
    "team.cfg": PYPIRC,
}


def addresses(script: str, variables: Mapping[str, str], files: Mapping[str, str]) -> list[str | None]:
    def read(name: str) -> bytes | None:
        return files[name].encode() if name in files else None

    return [each.address for each in destinations_of_script(script, variables, read)]


@pytest.mark.parametrize(
    ("script", "variables", "address"),
    [
        ("twine upload dist/*", {}, PYPI),
        ("twine upload -r testpypi dist/*", {}, TEST),
        ("twine upload -rcorp dist/*", {}, CORP),
        ("python -m twine upload --repository=corp dist/*", {}, CORP),
        ("python3 -m twine upload dist/*", {"TWINE_REPOSITORY": "corp"}, CORP),
        ("twine upload -r testpypi dist/*", {"TWINE_REPOSITORY_URL": CORP}, CORP),
        ("twine upload --repository-url $INDEX dist/*", {"INDEX": CORP}, CORP),
        ('INDEX=https://a.example/ \n twine upload --repository-url "${INDEX}" dist/*', {}, "https://a.example/"),
        ("TWINE_REPOSITORY=corp twine upload dist/*", {}, CORP),
        ("export TWINE_REPOSITORY=corp; twine upload dist/*", {}, CORP),
        ("twine upload --config-file team.cfg -r corp dist/*", {}, CORP),
        ("pip install -r corp && uvx twine@6.1 upload dist/*", {}, PYPI),
        ("if ! twine upload -r corp dist/*; then exit 1; fi", {}, CORP),
        ("retry 'twine upload -r corp dist/*'", {}, CORP),
        ("uv publish", {}, PYPI),
        ("uv --quiet publish --index internal", {}, CORP),
        ("uv publish", {"UV_PUBLISH_INDEX": "internal"}, CORP),
        ("uv publish --index testpypi", {}, TEST),
        ("uv publish --index pypi", {}, CORP),
        ("uv publish --publish-url=" + TEST, {"UV_PUBLISH_INDEX": "internal"}, TEST),
        ("hatch build && hatch publish -r test", {}, TEST),
        ("hatch publish", {"HATCH_INDEX_REPO": "test"}, TEST),
        ("hatch publish --repo main", {"HATCH_INDEX_REPO": "test"}, PYPI),
        ("hatch publish -r " + CORP, {}, CORP),
        ("poetry publish --build", {}, PYPI),
        ("poetry publish -r corp", {}, CORP),
        (f"poetry config repositories.test {TEST}\npoetry publish -r test", {}, TEST),
        (f"poetry config --local repositories.test.url {TEST}; poetry publish -r test", {}, TEST),
        ("poetry publish -r my-test", {"POETRY_REPOSITORIES_MY_TEST_URL": TEST}, TEST),
        ("pdm publish -r testpypi", {}, TEST),
        ("pdm publish", {"PDM_PUBLISH_REPO": "corp"}, CORP),
        ("maturin upload dist/*", {"MATURIN_REPOSITORY": "testpypi"}, TEST),
        ("maturin publish --repository corp", {}, CORP),
        ("flit publish --repository corp", {"FLIT_INDEX_URL": TEST}, CORP),
        ("flit publish", {"FLIT_INDEX_URL": TEST}, TEST),
        ("python setup.py sdist bdist_wheel upload -r corp", {}, CORP),
        ("twine upload -r ${{ inputs.index }} dist/*", {}, None),
        ("twine upload -r $INDEX dist/*", {}, None),
        ("poetry publish -r other", {}, None),
    ],
)
def test_addresses(script: str, variables: Mapping[str, str], address: str | None) -> None:
    assert addresses(script, variables, HOME) == [address]


@pytest.mark.parametrize("script", ["echo twine upload -r corp", "# uv publish", "uv build", "twine check dist/*"])
def test_commands_that_upload_nothing(script: str) -> None:
    assert addresses(script, {}, HOME) == []


@pytest.mark.parametrize(
    ("script", "files", "address"),
    [
        ("uv publish", {"pyproject.toml": f'[tool.uv]\npublish-url = "{CORP}"'}, CORP),
        ("uv publish", {"uv.toml": f'publish-url = "{CORP}"', "pyproject.toml": "[tool.uv]\nx = 1"}, CORP),
        ("uv publish", {"pyproject.toml": "[tool]\nuv = 1", "uv.toml": "broken ="}, PYPI),
        ("uv publish --index a", {"uv.toml": f'[[index]]\nname = "a"\npublish-url = "{CORP}"'}, CORP),
        ("hatch publish", {"~/.config/hatch/config.toml": HATCH}, CORP),
        ("hatch publish -r b", {"~/.config/hatch/config.toml": HATCH}, CORP),
        ("hatch publish -r test", {"~/.config/hatch/config.toml": HATCH}, TEST),
        ("twine upload x", {"~/.pypirc": f"[pypi]\nrepository = {CORP}\n"}, CORP),
        ("twine upload x", {"~/.pypirc": "no sections"}, PYPI),
    ],
)
def test_what_settings_say(script: str, files: Mapping[str, str], address: str) -> None:
    assert addresses(script, {}, files) == [address]


@pytest.mark.parametrize(
    ("uses", "inputs", "address"),
    [
        ("pypa/gh-action-pypi-publish@release/v1", {}, PYPI),
        ("pypa/gh-action-pypi-publish@release/v1", {"repository-url": TEST}, TEST),
        ("pypa/gh-action-pypi-publish@v1", {"repository_url": CORP}, CORP),
        ("pypa/gh-action-pypi-publish@v1", {"repository-url": "${{ vars.INDEX }}"}, None),
        ("PyO3/maturin-action@v1", {"command": "upload", "args": "-r testpypi dist/*"}, TEST),
        ("casperdcl/deploy-pypi@v2", {"url": CORP}, CORP),
    ],
)
def test_actions(uses: str, inputs: Mapping[str, str], address: str | None) -> None:
    (found,) = destinations_of_action(uses, inputs, {}, nothing_read)
    assert found.address == address


def test_other_actions_upload_nothing() -> None:
    assert destinations_of_action("actions/checkout@v4", {"repository-url": CORP}, {}, nothing_read) == ()
    assert destinations_of_action("PyO3/maturin-action@v1", {"command": "build"}, {}, nothing_read) == ()


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://USER@Pkgs.corp.example:8443/x", "pkgs.corp.example"),
        (TEST, None),
        ("https://upload." + indexes()["testpypi"].main_host, None),
        ("http://localhost:8080/", None),
        ("http://127.0.0.1:8080/", None),
        ("https://gitlab.example/api/v4/projects/${{ vars.ID }}/packages/pypi", "gitlab.example"),
    ],
)
def test_which_are_other_indexes(address: str, host: str | None) -> None:
    found = destinations_of_action("pypa/gh-action-pypi-publish@v1", {"repository-url": address}, {}, nothing_read)
    assert [each.host for each in foreign(found)] == ([host] if host else [])


@pytest.mark.parametrize(
    ("script", "unknown"),
    [("twine upload -r corp x", True), ("flit publish --repository testpypi", False), ("uv publish --index $X", False)],
)
def test_names_that_nothing_explains(script: str, unknown: bool) -> None:
    (found,) = destinations_of_script(script, {}, nothing_read)
    assert found.is_unknown_name is unknown
