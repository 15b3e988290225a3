"""HTTP as both sides of the house speak it: clients built from `HttpSettings`, and their failures in one sentence.

The packages that query and the packages that deliver need the same client; it lives here so that neither imports the
other. Nothing here knows what is asked or told.
"""
