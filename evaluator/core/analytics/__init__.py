"""How well people are served, from what incidents left behind: definitions that can be defended, and their figures.

Everything here is a pure function of records. `cases` reads incidents, `samples` says what a handful of durations comes to,
`interruptions` who was disturbed when, `noise` what was not worth it, `flapping` what does not hold still, `fatigue` all that
as one score with its parts, `alerts` what alerts do without anybody being called, `coverage` whether somebody was on call,
`dead` which rules never fire, `summary` everything for a stretch of time, `report` the same for people to read.
"""
