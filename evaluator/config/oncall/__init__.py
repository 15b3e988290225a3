"""People, who of them is on call, and how they are chased: a file for each block, put together by `ladders`.

Times without an offset are on the clocks of what they belong to: a person's own for `away` and quiet hours, the schedule's for
hand-offs and overrides. Whatever one block names must be there in the other, whichever stands first in the file.
"""

from evaluator.config.oncall.ladders import OnCallRead, read_oncall, severities_of, with_route

__all__ = ["OnCallRead", "read_oncall", "severities_of", "with_route"]
