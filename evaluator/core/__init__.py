"""The machine: deterministic, told the time, touching nothing.

Modules here import the standard library and an RE2 binding, and of the standard library nothing that reads a clock,
draws randomness, performs I/O or logs. Everything that happened comes in as an event (`events`), everything the machine
wants goes out as an effect (`effects`).

What each module is about, in the order in which an alert meets them:

- The machine. `engine` says what follows from what, `parts` what it is made of, `restoring` how it comes back, `world` what
  drives it. A step is gathered in a `journal`; `timers` say when the next one comes, `records` are what is kept. `settings` is
  what a configuration says, `view` what others see, `frozen` what values are made of.
- Rules. `rules` are what is asked, `evaluating` all groups of them, `evaluation` one and its slots, `answers` what comes back,
  `tracking` the alerts of one rule, `alert` the life of one. `asserting` passes on what changed, `catching_up` and `attendance`
  see to what was missed, `firings` remembers who fired when, `curves` how a value went on.
- Alerts. `alerts` has all of them, whoever asserts them. What others post: `posting`, `taking`, `posts`. What the evaluator
  says of itself: `meta`, `built_in`, and who watches for the causes, `query_watch`, `delivery_watch`, `forwarding_watch`,
  `calendar_watch`, `refusals` (because of `limits`). What goes on to Alertmanagers: `forwarding`, `relabelling`.
- Groups. `routing` and `route_paths` say where labels go. A group (`grouping`) is joined (`joining`, `overflow`), considered
  (`dispatch`) and left (`leaving`); `rewiring` is what a reload does to it, `returning` what a restart does.
- Telling. `lanes` say whom, `considering` whether, `dedup` why. `outgoing` is what is on its way, `rows` where each message
  is, `ledgers` what was told; `backoff` says when again, `fallback` who else. Some `destinations` are not to be told too
  often: `rates`, `pacing`, `storming`, `storms`. `receivers` are what a file says of each kind of integration.
- Muting. `muting` asks three: `inhibition`; the time of day (`intervals`, `interval_texts`, `zones`); and silences: `silence`,
  `silences`, `silence_index`, `silencing`, `silence_policy`, `silence_preview`, `silence_ending`. Those of maintenance come
  again: `windows`, `window_table`, `recurring`, `schedule_texts`, `cron`, `cron_texts`, `rrule`, `rrule_texts`.
- People. `incidents` are what they are chased about. Who is on call: `people`, `oncall`, `oncall_texts`, `rotations`,
  `calendars`, `overrides`, `override_table`, `moves`. How they answer: `replies`.
- Afterwards. Why something was told, or was not: `explaining`, `explanation`, `explanation_texts`, `history_texts`; what comes
  next: `rehearsal`. How well everybody is served: `analytics`, `reports`.
- Words. `labels`, `matchers` in two languages (`matchers_utf8`, `matchers_classic`), `quoting`, `durations`, `timestamps`,
  `fnv`; `gsm` and `neutral` for texts; `http` and `origins` for who speaks to whom.
"""
