"""Use cases: plain functions over a connection and settings. They know no Temporal, HTTP or click; activities, web,
commands and bench call them."""
