"""One module for each kind of integration: its keys, and the settings they stand for.

A module has a pydantic model and a function `settings(model, source)`; `receivers.KINDS` names them, in the order in which
Alertmanager builds them, and says which can be sent. Messages are Alertmanager's where it has one.
"""
