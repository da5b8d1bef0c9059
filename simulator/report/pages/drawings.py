"""The jobs of a run as drawings: what needs what, and when each ran."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from simulator.report.pages.jobs import OUTCOMES, job_ids, matrix_of
from simulator.report.pages.markup import Html, element
from simulator.report.pages.record import RunRecord
from simulator.report.state import JobState
from simulator.report.words import cut_middle, duration, plural
from simulator.run_events import Conclusion

_WIDTH, _HEIGHT = 190, 44  # of a box
_ACROSS, _DOWN = 60, 16  # between boxes
_NAME: Final = 24  # characters of a name in a box
_MOST: Final = 60  # boxes, and bars
_ROW: Final = 22  # of a bar
_LABEL, _BARS = 220, 560


@dataclass(frozen=True, kw_only=True, slots=True)
class _Box:
    """A job, or all of a matrix."""

    name: str
    jobs: Sequence[JobState]
    needs: Sequence[str]

    @property
    def outcome(self) -> Conclusion:
        outcomes = {job.ended for job in self.jobs}
        order = (Conclusion.FAILURE, Conclusion.CANCELLED, Conclusion.SUCCESS)
        return next((each for each in order if each in outcomes), Conclusion.SKIPPED)


def job_graph(record: RunRecord) -> Html | None:
    """Which jobs need which: a box for each job, or for each matrix, in the order in which they can run."""
    boxes = _boxes(record)
    if len(boxes) < 2 or len(boxes) > _MOST:
        return None
    depths = _depths(boxes)
    places: dict[str, tuple[int, int]] = {}
    filled: dict[int, int] = {}
    for name in boxes:
        row = filled[depths[name]] = filled.get(depths[name], -1) + 1
        places[name] = (depths[name] * (_WIDTH + _ACROSS), row * (_HEIGHT + _DOWN))
    width = (max(depths.values()) + 1) * (_WIDTH + _ACROSS) - _ACROSS + 2
    height = (max(filled.values()) + 1) * (_HEIGHT + _DOWN) - _DOWN + 2
    edges = [_edge(places[need], places[name]) for name, box in boxes.items() for need in box.needs if need in places]
    ids = job_ids(record)
    drawn = [_drawn(box, places[name], ids[box.jobs[0].id]) for name, box in boxes.items()]
    return _svg(width, height, "Which jobs need which", [*edges, *drawn])


def timeline(record: RunRecord) -> Html | None:
    """When each job ran."""
    ran = [job for job in record.state.jobs.values() if job.started_at is not None and job.finished_at is not None]
    if not ran:
        return None
    first = min(job.started_at or 0.0 for job in ran)
    span = max(max(job.finished_at or 0.0 for job in ran) - first, 0.1)
    ids = job_ids(record)
    rows = []
    for number, job in enumerate(ran[:_MOST]):
        left = _LABEL + ((job.started_at or first) - first) / span * _BARS
        long = max(job.seconds / span * _BARS, 2.0)
        top = number * _ROW
        said = f"{job.name}: {OUTCOMES[job.ended]}, {duration(job.seconds)}"
        rows.append(
            element(
                "a",
                element("title", said),
                _text(cut_middle(job.name, 30), 0, top + 15),
                _bar(left, top + 4, long, job.ended),
                _text(duration(job.seconds), min(left + long + 6, _LABEL + _BARS + 4), top + 15),
                href=f"#{ids[job.id]}",
            )
        )
    return _svg(_LABEL + _BARS + 70, len(rows) * _ROW, "When each job ran", rows)


def _boxes(record: RunRecord) -> dict[str, _Box]:
    found: dict[str, list[JobState]] = {}
    for job in record.state.jobs.values():
        found.setdefault(matrix_of(job), []).append(job)
    return {
        name: _Box(name=name, jobs=jobs, needs=tuple(dict.fromkeys(need for job in jobs for need in job.needs)))
        for name, jobs in found.items()
    }


def _depths(boxes: Mapping[str, _Box]) -> dict[str, int]:
    """How many jobs each waits for, one behind the other; of a circle, as far as it is known."""
    depths = dict.fromkeys(boxes, 0)
    for _ in boxes:
        for name, box in boxes.items():
            behind = [depths[need] + 1 for need in box.needs if need in depths and need != name]
            depths[name] = min(max(behind, default=0), len(boxes) - 1)
    return depths


def _drawn(box: _Box, place: tuple[int, int], target: str) -> Html:
    left, top = place
    jobs = plural(len(box.jobs), "job") if len(box.jobs) > 1 else ""
    seconds = max((job.seconds for job in box.jobs), default=0.0)
    facts = ", ".join(part for part in (OUTCOMES[box.outcome], jobs, duration(seconds) if seconds else "") if part)
    name = box.name if len(box.jobs) > 1 else box.jobs[0].name
    return element(
        "a",
        element("title", f"{name}: {facts}"),
        element(
            "rect", x=str(left + 1), y=str(top + 1), width=str(_WIDTH), height=str(_HEIGHT), rx="6",
            class_=f"box {box.outcome.value}",
        ),
        _text(cut_middle(name, _NAME), left + 12, top + 19),
        _text(facts, left + 12, top + 36, "facts"),
        href=f"#{target}",
    )  # fmt: skip


def _edge(start: tuple[int, int], end: tuple[int, int]) -> Html:
    x1, y1 = start[0] + _WIDTH + 1, start[1] + _HEIGHT // 2
    x2, y2 = end[0] + 1, end[1] + _HEIGHT // 2
    half = (x1 + x2) // 2
    return element("path", d=f"M{x1} {y1} C{half} {y1} {half} {y2} {x2} {y2}", class_="edge")


def _bar(left: float, top: int, width: float, outcome: Conclusion) -> Html:
    return element(
        "rect", x=f"{left:.1f}", y=str(top), width=f"{width:.1f}", height="14", rx="3", class_=f"bar {outcome.value}"
    )


def _text(text: str, left: float, top: int, kind: str | None = None) -> Html:
    return element("text", text, x=f"{left:.1f}", y=str(top), class_=kind)


def _svg(width: int, height: int, title: str, parts: Sequence[Html]) -> Html:
    drawing = element(
        "svg", *parts, viewBox=f"0 0 {width} {height}", width=str(width), height=str(height), role="group",
        aria_label=title,
    )  # fmt: skip
    return element("div", drawing, class_="wide drawing", tabindex="0", role="region", aria_label=title)
