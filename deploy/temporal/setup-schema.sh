#!/bin/sh
# Makes Temporal's two databases and brings their schemas up to date; harmless when they stand already.
# SQL_HOST, SQL_PORT, SQL_USER, SQL_PASSWORD and SQL_PLUGIN come from docker-compose.yml.
set -eu

prepare() { # prepare DATABASE SCHEMA
    temporal-sql-tool --db "$1" create
    temporal-sql-tool --db "$1" setup-schema -v 0.0
    temporal-sql-tool --db "$1" update-schema --schema-name "postgresql/v12/$2"
}

prepare temporal temporal
prepare temporal_visibility visibility
