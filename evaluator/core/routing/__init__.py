"""Where alerts go: the route tree, and the groups that it makes of them.

`routing` and `route_paths` say where labels go. A group (`grouping`) is joined (`joining`, `overflow`) and left (`leaving`);
`rewiring` is what a reload does to it, `returning` what a restart does.
"""
