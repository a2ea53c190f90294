"""The program: lanes, labels, the border between them, and the language server around it all."""

__all__: list[str] = []

# Written here, since to ask the installation for it costs a start 13 ms.
__version__ = "0.1.0"
