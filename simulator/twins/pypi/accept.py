"""Which media type a client would rather have: the offers that its `Accept` header takes, best first (RFC 9110).

Knows no page and no request.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def acceptable(header: str, offers: Sequence[str]) -> list[str]:
    """The offers that a header takes, by their weight; of two with the same one the first. An empty header takes none.

    Parameters of media types other than the weight are not looked at, and a range that cannot be read takes nothing.
    """
    ranges = list(_ranges(header))

    def weight(offer: str) -> float:
        kinds = (offer.lower(), f"{offer.lower().partition('/')[0]}/*", "*/*")
        return next((quality for kind in kinds for name, quality in ranges if name == kind), 0.0)

    return sorted((offer for offer in offers if weight(offer) > 0), key=weight, reverse=True)


def _ranges(header: str) -> Iterator[tuple[str, float]]:
    for part in header.lower().split(","):
        name, *parameters = (word.strip() for word in part.split(";"))
        given = dict(word.partition("=")[::2] for word in parameters)
        try:
            yield name, float(given.get("q", "1"))
        except ValueError:
            continue
