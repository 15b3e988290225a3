"""`python -m docs.generate`: bring the generated parts of the documents up to date."""

from __future__ import annotations

from docs.generate import documents

for path, text in documents():
    if path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(f"{path.name} is new")
