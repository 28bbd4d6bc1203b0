"""Column types and statements that behave alike on SQLite and PostgreSQL."""
