"""The context engine: what a piece of code means within its repository.

Values in, values out: no LSP, no HTTP, no settings. Usable without the server.

The names here are the values that everyone passes around; they cost nothing to import. What needs
a grammar (`languages`, `trees`, `facts`, `excerpt`) is imported from its own module, when it is
needed, so that `import twolane_context` never loads tree-sitter.
"""

from twolane_context.spans import Span

__all__ = ["Span"]
