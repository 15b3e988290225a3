"""Options that many commands have, said once."""

from __future__ import annotations

from typing import Annotated

import typer

As = Annotated[str | None, typer.Option("--as", help="Who acts; the user of this machine if not given.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print for programs.")]
