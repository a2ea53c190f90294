"""A language server for Python, where there is one, looks at what the engine found."""
