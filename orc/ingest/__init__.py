"""Bytes in a silo become pieces, links and texts."""
