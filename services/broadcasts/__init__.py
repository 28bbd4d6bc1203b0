"""Broadcasts: mails of one campaign, many clients in one step, by the rules that hold for a single mail."""
