"""The commands, put together."""

from __future__ import annotations

import typer

from evaluator import __version__
from evaluator.cli import alerts, demo, oncall, routes, silence, templates
from evaluator.cli.check import check
from evaluator.cli.run import run
from evaluator.cli.send_test import send_test
from evaluator.cli.test import play

app = typer.Typer(
    name="evaluator",
    help="Alerting for teams whose Prometheus can only be queried.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"evaluator {__version__}")
        raise typer.Exit()


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", help="Print the version.", callback=_version, is_eager=True),
) -> None:
    """Alerting for teams whose Prometheus can only be queried."""


app.command()(run)
app.command()(check)
app.command("test")(play)
app.add_typer(alerts.app, name="alerts")
app.add_typer(silence.app, name="silence")
app.add_typer(oncall.app, name="oncall")
app.add_typer(routes.app, name="routes")
app.add_typer(templates.app, name="templates")
app.command("send-test")(send_test)
app.command()(demo.demo)


def main() -> None:
    """The program."""
    app()
