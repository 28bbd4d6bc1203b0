"""How a stored schema comes up to date. Run through `store.migrate`, never by Alembic's own command."""
