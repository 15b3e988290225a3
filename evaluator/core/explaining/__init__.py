"""Why something was told, or was not, and what comes next: the machine read, never changed.

`explaining` finds out, `explanation` is the answer, `explanation_texts` and `history_texts` say it in sentences. `rehearsal`
lets a copy of a group live ahead of time.
"""
