"""`evaluator templates convert`: Go templates in rule files, configurations and template files as Jinja2."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from evaluator.cli import rewriting
from evaluator.cli.options import AsJson
from evaluator.cli.output import counted, fail, print_json
from evaluator.core.frozen import frozen
from evaluator.templating import TemplateError
from evaluator.templating.conversion import Converted, Trouble, convert_file, convert_receiver_text, convert_rule_text
from evaluator.templating.notification import JINJA, NotificationTexts

_NO_TEXTS = ("http_config", "tls_config", "sigv4")


@frozen
class Result:
    """What a file becomes. files: name and text of each. left: what stays as it is, and why, each with its place."""

    files: Mapping[str, str]
    converted: int
    left: tuple[tuple[int, int, str], ...]


def convert(
    file: Annotated[Path, typer.Argument(help="A rule file, a configuration, or a file of templates.")],
    into: Annotated[Path | None, typer.Option(help="Write into this folder instead of printing.")] = None,
    templates: Annotated[list[Path] | None, typer.Option(help="Files of templates that the texts call.")] = None,
    as_json: AsJson = False,
) -> None:
    """Turn Go templates into Jinja2, and list what could not be; each result was rendered beside its original."""
    source = _read(file)
    try:
        known = NotificationTexts([(path.name, _read(path)) for path in templates or ()])
        result = _of_yaml(file, source, known) if file.suffix in (".yml", ".yaml") else _of_templates(file, source)
    except (TemplateError, ValueError) as error:
        fail(f"{file}: {error}")
    if as_json:
        left = [{"line": line, "column": column, "message": message} for line, column, message in result.left]
        print_json({"files": dict(result.files), "converted": result.converted, "left": left})
    elif into is not None:
        _write(into, result.files)
    else:
        _print(result.files)
    for line, column, message in result.left:
        print(f"{file}:{line}:{column}: {message}", file=sys.stderr)
    print(f"{file}: {counted(result.converted, 'text')} converted, {len(result.left)} left as they are", file=sys.stderr)
    if result.left:
        raise typer.Exit(1)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}")


def _print(files: Mapping[str, str]) -> None:
    for name, text in files.items():
        if len(files) > 1:
            print(f"{{# {name} #}}")
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


def _write(folder: Path, files: Mapping[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{folder} cannot be written: {error.strerror}")


def _of_templates(file: Path, source: str) -> Result:
    """A file for each template that is defined."""
    found = convert_file(source, file.name)
    if not found:
        raise ValueError("defines no template")
    files = {f"{name}{JINJA}": one.text for name, one in found.items() if one.trouble is None}
    left = [(trouble.line, trouble.column, f'template "{name}": {trouble.message}') for name, trouble in _troubles(found)]
    return Result(files, len(files), tuple(left))


def _troubles(found: Mapping[str, Converted]) -> list[tuple[str, Trouble]]:
    return [(name, one.trouble) for name, one in found.items() if one.trouble is not None]


def _of_yaml(file: Path, source: str, templates: NotificationTexts) -> Result:
    changed, left = {}, []
    for scalar in rewriting.scalars(source):
        convert_text = _kind(scalar.path, templates)
        if convert_text is None or "{{" not in scalar.text:
            continue
        found = convert_text(scalar.text)
        if found.trouble is not None:
            left.append((*scalar.place(found.trouble.line, found.trouble.column), found.trouble.message))
        elif found.changed:
            changed[scalar.path] = found.text
    return Result({file.name: rewriting.rewritten(source, changed)}, len(changed), tuple(left))


def _kind(path: rewriting.Path, templates: NotificationTexts) -> Callable[[str], Converted] | None:
    """How the text at a path is read: as one of a rule, as one of a receiver, or not as a template at all."""
    match path:
        case ("groups", int(), "rules", int(), "labels" | "annotations", str()) | ("groups", int(), "labels", str()):
            return convert_rule_text
        case ("receivers", int(), str(), int(), *rest) if rest and rest[0] not in _NO_TEXTS:
            return lambda text: convert_receiver_text(text, templates)
    return None
