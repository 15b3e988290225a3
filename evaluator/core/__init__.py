"""The machine: deterministic, told the time, touching nothing.

Modules here import the standard library and an RE2 binding, and of the standard library nothing that reads a clock,
draws randomness, performs I/O or logs. Everything that happened comes in as an event (`events`), everything the machine
wants goes out as an effect (`effects`).

- The machine. `engine` says what follows from what, `parts` what it is made of, `restoring` how it comes back, `world` what
  drives it. A step is gathered in a `journal`; `timers` say when the next one comes, `records` are what is kept. `settings` is
  what a configuration says (`limits` and `replies` are pieces of it), `view` what others see, `frozen` what values are made of.
- An alert's life. `evaluation` makes it of a rule, `posted` takes it from others, `watching` makes it of the evaluator's own
  state. `alerts` has all of them. `routing` brings it into groups, `notifying` tells whom of it, `muting` says why not, and
  `receivers` are what a file says of each kind of integration.
- People. `incidents` are what they are chased about, `oncall` says who they are.
- Afterwards. `explaining` says why something was told, or was not; `analytics` and `reports` how well everybody is served.
- Words. `labels`, `matchers` in two languages (`matchers_utf8`, `matchers_classic`), `quoting`, `durations`, `timestamps`,
  `zones`, `recurrence`, `fnv`; `gsm` and `neutral` for texts; `http` and `origins` for who speaks to whom.
"""
