"""The silo: list it, read it, open a PJ in it; never write to it. One way in for every address."""
