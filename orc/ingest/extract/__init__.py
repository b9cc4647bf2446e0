"""Bytes of a document become pages of text, in child processes that can be killed."""
