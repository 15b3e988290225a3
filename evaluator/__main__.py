"""`evaluator`, also `python -m evaluator`."""

from evaluator.cli.app import main

if __name__ == "__main__":
    main()
