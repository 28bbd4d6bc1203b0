"""Plan a test on clients and read its outcome: figures alone, without a store."""
