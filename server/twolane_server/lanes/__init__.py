"""Lanes: what takes a request's bytes and streams an answer. Only this package imports httpx."""
