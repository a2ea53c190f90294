"""Code actions, one a file: a subject in, a prompt out; a reply in, an edit out. Pure."""
