"""The web front: pages for people, /api/v1 for programs. All rules live in orc."""
