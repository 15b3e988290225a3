"""What the evaluator says of itself: alerts of its own, routed like any other.

`meta` says which there are, `built_in` asserts them. Somebody watches for the cause of each: `query_watch`, `delivery_watch`,
`forwarding_watch`, `calendar_watch`, and `refusals` for what limits kept out.
"""
