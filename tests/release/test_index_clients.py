"""Clients of an index that a workflow runs itself, in the place of the publishing action: uv, twine, `id` and pip."""

from __future__ import annotations

from tests.release.driving import WORKFLOW, Repository

BUILD = """\
on: {push: {tags: ['v*']}}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: python3 backend.py dist
      - uses: actions/upload-artifact@v4
        with: {name: dist, path: dist/}
"""
GET = """\
    needs: build
    runs-on: ubuntu-latest
    permissions: {id-token: write}
    environment: pypi
    steps:
      - uses: actions/download-artifact@v4
        with: {name: dist, path: dist/}
"""
PUBLISH = f"""\
{BUILD}
  uv:
{GET}
      - uses: astral-sh/setup-uv@v6
      - run: uv publish --trusted-publishing always
      - run: uv publish
  twine:
{GET}
      - run: /opt/pysim/bin/python -m twine upload --disable-progress-bar --repository testpypi dist/*
      - run: /opt/pysim/bin/python -m id pypi | tr -cd . | wc -c
"""
INSTALL = """\
  install:
    needs: [uv, twine]
    runs-on: ubuntu-latest
    steps:
      - uses: actions/setup-python@v5
        with: {python-version: '3.12'}
      - uses: astral-sh/setup-uv@v6
      - uses: actions/download-artifact@v4
        with: {name: dist, path: dist/}
      - run: |
          sum=$(sha256sum dist/*.whl | cut -d' ' -f1)
          echo "tinytool==0.1.0 --hash=sha256:$sum" > good.txt
          echo "tinytool==0.1.0 --hash=sha256:$(printf '0%.0s' $(seq 64))" > bad.txt
      - run: pip download --no-deps --require-hashes -r good.txt -d got && cmp got/*.whl dist/*.whl
      - run: if pip download --no-deps --require-hashes -r bad.txt -d bad; then exit 1; fi
      - run: uv pip install --target here --only-binary tinytool tinytool && test -f here/tinytool.py
"""
OTHER = """
[repository]
owner = "octo"
name = "tinytool"
[[publishers]]
project = "tinytool"
workflow = "release.yml"
environment = "pypi"
[environments.pypi]
"""


def test_the_clients_of_a_workflow(tiny_on: Repository) -> None:
    tiny_on.write(WORKFLOW, PUBLISH + INSTALL)
    done = tiny_on.rehearse()
    assert set(done.conclusions.values()) == {"success"}, "\n".join(map(done.log, done.conclusions))
    taken = [(event["index"], event["status"]) for event in done.events if event["type"] == "file-uploaded"]
    assert sorted(taken) == [("pypi", 200)] * 4 + [("testpypi", 200)] * 2
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.log("install")
    assert "2" in done.log("twine").splitlines(), "the points of an ID token"


def test_what_they_say_where_no_publisher_fits(tiny_on: Repository) -> None:
    tiny_on.write(WORKFLOW, PUBLISH)
    tiny_on.write("pysim.toml", OTHER)
    done = tiny_on.rehearse()
    assert done.code == 1
    assert done.conclusions == {"build": "success", "uv": "failure", "twine": "failure"}
    words = "valid token, but no corresponding publisher (Publisher with matching claims was not found)"
    assert all(words in " ".join(done.log(job).split()) for job in ("uv", "twine"))
    assert 'repository: "octo/tinytool",' in done.log("uv")
    differs = "workflow is pypi.yml, the publisher says release.yml"
    assert differs in done.findings["publisher-mismatch"]
