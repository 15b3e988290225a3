"""Which of several recipients have a notification already, when others of them have to be tried again."""

from __future__ import annotations

from evaluator.notify.sheet import Sheet


class Taken:
    """Recipients that have this notification, and what it is called there; remembered from attempt to attempt.

    Names of recipients and messages hold no white space.
    """

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._key = f"taken {sheet.notification.key}"
        self._ident = sheet.notification.id
        ident, _, names = sheet.memory.get(self._key, "").partition("\n")
        known = names.split("\n") if names and ident == self._ident else []
        self.names = {recipient: name for recipient, _, name in (line.partition(" ") for line in known)}

    def add(self, recipient: str, name: str = "") -> None:
        """The recipient has it now."""
        self._sheet.partly = True
        self.names[recipient] = name
        self._sheet.memory[self._key] = "\n".join([self._ident, *(f"{one} {called}" for one, called in self.names.items())])

    def forget(self) -> None:
        """Nothing is left to be tried again."""
        self._sheet.memory.pop(self._key, None)
