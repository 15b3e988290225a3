"""Figures about incidents."""
