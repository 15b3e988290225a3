"""A configuration as a commit of its repository has it, with all the files that it names."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from evaluator.cli.output import fail


@contextmanager
def at_revision(path: Path, revision: str) -> Iterator[Path]:
    """Where the file at `path` lies as it was in `revision`; ends the command where git knows no such thing."""
    top = Path(_git(path, "rev-parse", "--show-toplevel").decode().strip())
    if revision.startswith("-"):
        fail(f'"{revision}" is no revision; name a commit, a branch or a tag')
    archive = _git(path, "-C", str(top), "archive", "--format=tar", revision)
    with TemporaryDirectory(prefix="evaluator-") as folder, tarfile.open(fileobj=BytesIO(archive)) as files:
        try:
            files.extractall(folder, filter="data")
        except tarfile.TarError as error:
            fail(f"{revision} cannot be unpacked: {error}; name the older file with --against")
        there = Path(folder) / path.resolve().relative_to(top.resolve())
        if not there.exists():
            fail(f"{path} is not in {revision}; name a revision that has it, or the older file with --against")
        yield there


def _git(path: Path, *words: str) -> bytes:
    """What git says in the folder of a file."""
    try:
        done = subprocess.run(["git", *words], cwd=path.resolve().parent, capture_output=True, check=False)
    except OSError as error:
        fail(f"git cannot be run: {error.strerror}; name the older file with --against")
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["it failed"]
        fail(f"git says of {path}: {said[0]}")
    return done.stdout
