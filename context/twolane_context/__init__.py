"""The context engine: what a piece of code means within its repository.

Values in, values out: no LSP, no HTTP, no settings, no model, no network. Usable by itself:

    from twolane_context.answers import Answers
    from twolane_context.question import Selection
    from twolane_context.repository import Repository
    from twolane_context.tokens import counter_for

    repository = Repository(Path("~/shop").expanduser())
    repository.refresh()
    answers = Answers(repository)
    pieces = answers.context([Selection("tool.py", 41, 41)], 2_048, counter_for("deepseek-v3.2"))
    sites = answers.references("tool.py", 41, 4)

`cache.Cache` keeps what was found from one process to the next, and `work.examine_all` finds the
facts of all files in processes of their own. Each module is readable alone; to import this package
costs nothing.
"""
