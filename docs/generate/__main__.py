"""`python -m docs.generate`: bring the generated parts of the documents, and the packaged templates, up to date."""

from __future__ import annotations

from docs.generate import documents, templates

for path, text in (*documents(), *templates()):
    path.parent.mkdir(exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(f"{path.name} is new")
