"""Records as rows, and rows as records.

Everything comes back exactly as it was: NaN and infinities, microseconds, None, texts in any script. A row that cannot be
read stops the loading with a StoreError that names table and key. To go on without it would mean to forget an alert, or
that somebody was told of one, and that is not for a program to decide.
"""
