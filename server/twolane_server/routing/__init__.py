"""Which lane, and why (`choose`), and going there (`run`)."""
