"""Queries about mails: the ledger, briefs, suppressions, model calls."""
