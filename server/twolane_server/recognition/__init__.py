"""Code under NDA that is known again wherever it turns up, and the owner's word that opens it."""
