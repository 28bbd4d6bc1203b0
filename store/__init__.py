"""What is kept: tables, one file of queries an aggregate, migrations. Runs alike on SQLite and PostgreSQL."""
