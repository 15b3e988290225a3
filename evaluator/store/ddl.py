"""The tables of `schema` as SQLite makes them.

A number that a table gives its rows by itself is what SQLite makes of any key that is plainly INTEGER.
"""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.store.schema import Column, Table


def creating(table: Table) -> Iterator[str]:
    """The statements that make a table and its indexes."""
    parts = [_column(column) for column in table.columns]
    parts.append(f"PRIMARY KEY ({', '.join(table.key)})")
    parts += [f"CONSTRAINT {one.name} UNIQUE ({', '.join(one.columns)})" for one in table.unique]
    lines = ",\n\t".join(parts)
    yield f"CREATE TABLE {table.name} (\n\t{lines}\n)"
    for index in table.indexes:
        yield f"CREATE INDEX {index.name} ON {table.name} ({', '.join(index.columns)})"


def _column(column: Column) -> str:
    return f"{column.name} {column.type}{'' if column.optional else ' NOT NULL'}"
