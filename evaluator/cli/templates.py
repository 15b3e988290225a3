"""`evaluator templates`: what a text says, what a receiver would say, and Go templates as Jinja2."""

from __future__ import annotations

import typer

from evaluator.cli.templates_convert import convert
from evaluator.cli.templates_eval import evaluate
from evaluator.cli.templates_render import render

app = typer.Typer(no_args_is_help=True, help="Templates: try them, see what receivers would say, convert them.")
app.command("eval")(evaluate)
app.command()(render)
app.command()(convert)
