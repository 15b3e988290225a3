"""`evaluator`, also `python -m evaluator`."""

import gc
import os
import sys


def main() -> None:
    """Run a command."""
    gc.disable()  # nothing of what is imported is garbage, and looking for some takes a tenth of a start
    spare()
    from evaluator.cli.app import main as command

    gc.freeze()
    gc.enable()
    command()


def spare() -> None:
    """Keep libraries from loading what nobody asks for here: another tenth of a start."""
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # a command of its own, with colours; httpx does without
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # else all that is installed is searched for some


if __name__ == "__main__":
    main()
