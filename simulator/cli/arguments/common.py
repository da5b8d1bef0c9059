"""Arguments that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def directory(function: F) -> F:
    """Add -C."""
    option = click.option(
        "-C",
        "--directory",
        type=click.Path(path_type=Path),
        default=Path(),
        show_default="here",
        help="The repository, or a folder in it.",
    )
    return option(function)


def engine(function: F) -> F:
    """Add --engine."""
    option = click.option(
        "--engine",
        type=click.Choice(["auto", "docker", "local"]),
        default="auto",
        show_default=True,
        help="Where jobs run; auto takes docker when a daemon answers.",
    )
    return option(function)


def pairs(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Turn repeated NAME=VALUE options into a dict."""
    given: dict[str, str] = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE.", ctx=context, param=parameter)
        given[name] = text
    return given
