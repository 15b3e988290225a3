"""The client of datasources, against real local servers."""
