"""What an action reads besides the document: differences, commits, tests, templates; all labelled."""
