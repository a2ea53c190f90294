"""Changes of many files on disk: all of them or none, whatever ends the process in between."""
