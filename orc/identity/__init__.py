"""Who it is: passwords, sessions, accounts. What a person may see is orc.access."""
