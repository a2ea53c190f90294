"""Settings: what was sent (`sent`, pydantic) and what was resolved from it (`resolved`)."""
