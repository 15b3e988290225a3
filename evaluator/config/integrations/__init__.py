"""One module for each kind of integration: its keys, and the settings they stand for.

A module has a pydantic model and a function `settings(model, node, defaults, reading)`; `receivers.KINDS` names them. A kind
that Alertmanager has and that is not acted on yet stands in `receivers.LATER`; to add one, write its module, and move its name.
"""
