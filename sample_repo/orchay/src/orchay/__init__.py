"""Say in which order tasks can run, from a file of what each one needs."""

from orchay.tasks import CircleError, SyntaxProblem, needed_for, parse, waves

__all__ = ["CircleError", "SyntaxProblem", "needed_for", "parse", "waves"]
