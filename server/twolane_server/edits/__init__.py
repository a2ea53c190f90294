"""From a model's reply to a harmless edit: reading replies, and the proofs. Pure."""
