"""`twolane serve`: a vLLM for the local lane, with the flags that this machine's GPUs ask for.

`machine` looks, `plan` decides (pure), `process` runs, `diagnosis` says what went wrong (pure).
"""
