"""Who is on call, as pure functions of the instant.

`people` are who can be told, `oncall` says who is on duty and `oncall_texts` reads how that is written. `rotations` take turns,
`calendars` are hours of the week, `overrides` what people changed (`override_table`: all of them), `moves` who moves by it.
"""
