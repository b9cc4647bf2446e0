"""What people ask, and what they are answered."""
