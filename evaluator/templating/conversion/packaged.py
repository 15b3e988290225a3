"""The packaged templates as files of Jinja2, for those who want to begin with them: whatever language they are kept in.

The page of a mail is made of parts that are markup without saying so in their names. It stays a Go template; to have another,
write an `email.default.html.j2`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from evaluator.templating.conversion.proof import convert_file
from evaluator.templating.notification import JINJA, NotificationTexts

_PARTS_OF_MAILS: Final = "__email"


def packaged_as_jinja() -> Mapping[str, str]:
    """Names and texts. An empty template, which is there to be redefined, is a file with nothing in it."""
    sources: dict[str, str] = {}
    found: dict[str, str] = {}
    names: dict[str, list[str]] = defaultdict(list)
    for name, tree in NotificationTexts().trees.items():
        if tree.file.endswith(JINJA):
            found[name] = tree.source
        elif name != tree.file:
            sources[tree.file] = tree.source
            names[tree.file].append(name)
    for file, source in sources.items():
        for name, converted in convert_file(source, file).items():
            if name in names[file] and converted.trouble is None and not name.startswith(_PARTS_OF_MAILS):
                found[name] = converted.text
    return dict(sorted(found.items()))
