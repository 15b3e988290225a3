"""Why an alert is not told.

`muting` asks three: `inhibition`; the time of day (`intervals`, `interval_texts`); and silences: `silence`, `silences`,
`silence_index`, `silencing`, `silence_policy`, `silence_preview`, `silence_ending`. Those of maintenance come again: `windows`,
`window_table`.
"""
