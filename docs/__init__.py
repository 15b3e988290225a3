"""The references, and in `generate` what writes those parts of them that the code knows better."""
