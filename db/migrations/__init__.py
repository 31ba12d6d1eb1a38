"""Alembic migrations, run from inside the program by `db.engine.upgrade`."""
