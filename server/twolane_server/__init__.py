"""The program: lanes, labels, the border between them, and the language server around it all."""

__all__: list[str] = []
