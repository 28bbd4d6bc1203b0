"""Plan a test on clients, and read its outcome: of figures alone, of splits and of texts, and what flags share."""
