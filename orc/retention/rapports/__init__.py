"""Reports for archivists: what each says, the forms it takes, the register of those given."""
