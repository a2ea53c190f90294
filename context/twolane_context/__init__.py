"""The context engine: what a piece of code means within its repository.

Values in, values out: no LSP, no HTTP, no settings. Usable without the server.
"""
