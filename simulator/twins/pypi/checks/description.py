"""Whether the index can render the description. Markdown and plain text always render; reStructuredText may not."""

from __future__ import annotations

import io
from email.message import Message
from typing import Final

from simulator.twins.pypi.checks.submission import Submission
from simulator.twins.pypi.refusals import RequestRefusedError

_DEFAULT: Final = "text/x-rst"


def renders(submission: Submission) -> None:
    """The description renders as what it says it is, and as reStructuredText when it says nothing."""
    offer = submission.offer
    kind, text = offer.first("description_content_type"), offer.first("description")
    if not text or _media_type(kind or _DEFAULT) != _DEFAULT or _rendered(text) is not None:
        return
    place = f"for '{kind}'" if kind else "in the default format of reStructuredText"
    see = f"See https://{submission.index.main_host}/help/#description-content-type for more information."
    raise RequestRefusedError(400, f"The description failed to render {place}. {see}")


def _media_type(kind: str) -> str:
    header = Message()
    header["content-type"] = kind
    return header.get_content_type()


def _rendered(text: str) -> str | None:
    from readme_renderer import rst  # slow to import

    page: str | None = rst.render(text, stream=io.StringIO())
    return page
