"""When the collectivité's own copy of a PJ may go: rules, facts, decision. Nothing is deleted."""
