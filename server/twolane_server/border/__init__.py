"""The border: what may leave for the cloud (`gate`), and the record of what did (`ledger`)."""
