"""Rules at work: asked in their slots, and what the answers make of their alerts.

`rules` are what is asked, `evaluating` all groups of them, `evaluation` one, `answers` what comes back, `tracking` what that
makes of the alerts of a rule, `alert` the life of one alert. `asserting` passes on what changed, `catching_up` and
`attendance` see to what was missed, `firings` remembers who fired when, `curves` how a value went on.
"""
