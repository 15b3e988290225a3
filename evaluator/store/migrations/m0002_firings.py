"""Version 2: when each rule was first known, and last fired."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, Text


def upgrade(connection: Connection) -> None:
    """From version 1. Of rules that are there already it is known from now on."""
    tables = MetaData()
    Table(
        "firings",
        tables,
        Column("rule", Text, primary_key=True),
        Column("known_since", BigInteger, nullable=False),
        Column("fired_at", BigInteger, nullable=True),
    )
    tables.create_all(connection)
