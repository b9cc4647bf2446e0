"""Every choice of an operator, in one frozen class. Read once, in bootstrap; never at import."""
