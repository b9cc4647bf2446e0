"""ORC: the archive window of the French local public sector. The engine: no HTTP, no HTML."""
