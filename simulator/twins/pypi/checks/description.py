"""Whether the index can render the description. Markdown and plain text always render; reStructuredText may not."""

from __future__ import annotations

from email.message import Message
from typing import Final

from simulator.bounded.work import BOUNDS, Description, render
from simulator.twins.pypi.checks.submission import Submission
from simulator.twins.pypi.offers import Offer
from simulator.twins.pypi.refusals import RequestRefusedError

_DEFAULT: Final = "text/x-rst"


def renders(submission: Submission) -> None:
    """The description renders as what it says it is, and as reStructuredText when it says nothing."""
    if not _is_restructured(submission.offer):
        return
    rendered = prepare(submission.offer)
    if rendered is None:
        text = f"The description cannot be rendered within the bounds of pysim: {BOUNDS}."
        raise RequestRefusedError(400, f"{text} The index's answer is not known.")
    if rendered.is_rendered:
        return
    kind = submission.offer.first("description_content_type")
    place = f"for '{kind}'" if kind else "in the default format of reStructuredText"
    see = f"See https://{submission.index.main_host}/help/#description-content-type for more information."
    raise RequestRefusedError(400, f"The description failed to render {place}. {see}")


def _media_type(kind: str) -> str:
    header = Message()
    header["content-type"] = kind
    return header.get_content_type()


def _is_restructured(offer: Offer) -> bool:
    kind = offer.first("description_content_type") or _DEFAULT
    return bool(offer.first("description")) and _media_type(kind) == _DEFAULT


def prepare(offer: Offer) -> Description | None:
    """Render the description, which is then known to the check; None for what is not rendered, or cannot be."""
    return render(_DEFAULT, offer.first("description")) if _is_restructured(offer) else None
