"""Credentials that may be templates, such as a routing key that is a label of the alert."""

from __future__ import annotations

from evaluator.core.http import Secret
from evaluator.notify.exchange import Refused
from evaluator.notify.rendered import Render


def key_text(secret: Secret, render: Render) -> str:
    """The secret, filled in where it is a template. Raises ValueError when that fails, OSError when its file cannot be read."""
    text = secret.reveal()
    return render(text).strip() if "{{" in text or "{%" in text else text


def template_fails(name: str) -> Refused:
    """There is nobody to tell. What the template engine says may quote the secret, so it is left out."""
    return Refused(f"the template in the receiver's {name} fails; `evaluator check` shows where", permanent=True)
