"""Jinja2 for people who write rules anew: sandboxed, bounded, with the functions of rule templates under their own names."""
