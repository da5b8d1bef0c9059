"""Uploads to an index as its clients send them, and the words of its refusals."""

from __future__ import annotations

import httpx

from simulator.indexes import indexes
from simulator.run_events import FileUploaded

from .distributions import Form, sdist, wheel
from .driving import Rig

PYPI = indexes()["pypi"]
HELP = f"https://{PYPI.main_host}/help/"
SPECIFICATION = "See https://packaging.python.org/specifications/core-metadata for more information."


class Uploader:
    """Uploads with a token of a user, or with another one."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.job = rig, rig.job()
        self.token = rig.twins.upload_token("pypi")

    def send(self, form: Form, token: str | None = None, **headers: str) -> httpx.Response:
        auth = ("__token__", token or self.token)
        headers = {"accept": "application/json", **headers}
        return self.job.http.post(PYPI.upload_url, data=form.data, files=form.files, auth=auth, headers=headers)

    def refused(self, form: Form, token: str | None = None) -> tuple[int, str]:
        answer = self.send(form, token)
        assert answer.status_code != 200
        code: str = answer.json()["code"]
        assert self.rig.seen(FileUploaded)[-1].message == code[4:]
        assert not any((self.rig.settings.folder / "index" / "pypi" / "staging").iterdir())
        return answer.status_code, code[4:]


def renamed(filename: str, content: bytes | None = None, **fields: str) -> Form:
    if content is None:
        content = wheel() if filename.endswith(".whl") else sdist()
    return Form(filename=filename, content=content, fields=fields)


INVALID = f"Invalid or non-existent authentication information. See {HELP}#invalid-auth for more information."
