"""What groups tell: whom, when, why, and what became of it.

`dispatch` looks at a group in its time, and follows answers. `lanes` say whom it tells, `considering` whether, `dedup` why.
`outgoing` is what is on its way, `rows` where each message is, `ledgers` what was told; `backoff` says when again, `fallback`
who else. Some `destinations` are not to be told too often: `rates`, `pacing`, `storming`, `storms`.
"""
