"""Incidents: who is chased about what fires, until somebody acknowledges it or it is over.

`policy` is what a configuration says of it, `records` what is kept, `incident` one incident and its clock, `transitions` what
may become of it by itself, `acting` what becomes of it by what people do (`actions`), `steps` the form of both. `belonging`
and `members` say which alert groups are one incident, `standing` what these come to, `reach` who is meant by a level. `pages`
plans what is sent to them, `sending` sends it, `turns` and `composing` say when and what, `page_table` has it all.
`confirming` asks whether it is still true before somebody else is woken, `maintaining` knows what people work on
(`maintenance_terms`: what they have to say of it), `quieting` makes a silence of an incident. `story` and `review` tell what
happened. `incidents` is all of it together, as a part of the machine: `register`, `looking`, `opening`, `chasing` and
`settling`.
"""
