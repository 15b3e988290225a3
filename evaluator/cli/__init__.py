"""The command line: parse, call, print; nothing else. One file for each command, put together in `app`."""
