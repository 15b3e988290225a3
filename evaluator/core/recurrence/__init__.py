"""What comes again and again, from one instant to the next.

`recurring` is any such schedule, `schedule_texts` reads it: five fields of cron (`cron`, `cron_texts`) or what calendars write
(`rrule`, `rrule_texts`).
"""
