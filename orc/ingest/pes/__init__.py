"""PES V2 flows read as values. Tag names of the norm appear in this package and nowhere else."""
