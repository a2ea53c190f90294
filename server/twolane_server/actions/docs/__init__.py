"""What *Write docstring* is made of: where it goes, the file's style, the wording, the writing."""
