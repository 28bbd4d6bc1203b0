"""Everything about the database: tables, one file of queries for each aggregate, migrations. Runs alike on SQLite and
PostgreSQL."""
