"""A file for each receiver: `CASES`, what its service is to the contract suite. Files are found by themselves."""
