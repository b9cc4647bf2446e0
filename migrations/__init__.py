"""Alembic migrations, on SQLite and PostgreSQL."""
