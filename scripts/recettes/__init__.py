"""How each real server of the tests and of `make grand` is had and started: one file a server."""
