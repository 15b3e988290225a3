"""The URL of the store, judged by its form: what the store would refuse at the start is refused here already.

Whether the file can be opened shows only when it is opened.
"""

from __future__ import annotations

from evaluator.config.nodes import Table
from evaluator.config.reading import Reading

_FILE = "sqlite:///"
_MEMORY = ("sqlite://", "sqlite:///:memory:")
_REMEDY = "write sqlite:///FILE, with a fourth slash for an absolute path"


def read_storage(url: str, top: Table, reading: Reading) -> str:
    """The URL of the store; the file in it starts, like every path, at the configuration file, unless nobody wrote it."""
    file = url.removeprefix(_FILE)
    relative = url.startswith(_FILE) and file and url not in _MEMORY and not file.startswith("/")
    found = f"{_FILE}{reading.path(file)}" if relative and top.child("storage") is not None else url
    wrong = _fault(found)
    if wrong:
        reading.problems.error(top.at("storage"), wrong, _REMEDY)
    return found


def _fault(url: str) -> str:
    """What is wrong with a URL, or nothing. It may hold a password, so it is not quoted."""
    scheme, colon, _ = url.partition("://")
    if not colon:
        return "storage is not a URL"
    if scheme in ("postgresql", "postgres") or scheme.startswith("postgresql+"):
        return "storage in PostgreSQL is not supported by this version"
    if scheme != "sqlite":
        return "storage is not known"
    if url not in _MEMORY and (url == _FILE or not url.startswith(_FILE)):
        return "the file of storage must follow three slashes"
    return "storage takes no options after a question mark" if "?" in url else ""
