"""`evaluator`, also `python -m evaluator`."""

import gc


def main() -> None:
    """Run a command."""
    gc.disable()  # nothing of what is imported is garbage, and looking for some takes a tenth of a start
    from evaluator.cli.app import main as command

    gc.freeze()
    gc.enable()
    command()


if __name__ == "__main__":
    main()
