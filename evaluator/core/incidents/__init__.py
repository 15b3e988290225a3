"""Incidents: who is chased about what fires, until somebody acknowledges it or it is over.

`policy` is what a configuration says of it, `records` what is kept, `incident` one incident and its clock, `transitions` what
may become of it, `reach` who is meant by a level, `pages` what is sent to them, `confirming` the question that is asked before
somebody else is woken, `incidents` all of it together, as a part of the machine.
"""
