"""The machine: deterministic, told the time, touching nothing.

Modules here import the standard library and an RE2 binding, and of the standard library nothing that reads a clock,
draws randomness, performs I/O or logs. Everything that happened comes in as an event (`events`), everything the machine
wants goes out as an effect (`effects`).
"""
