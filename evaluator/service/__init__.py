"""The real world: clocks, servers, a disk, signals, logs and metrics around the machine."""
