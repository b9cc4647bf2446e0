"""The demonstration: an invented world, the silo it sends, and the accounts that look at it."""
