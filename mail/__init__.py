"""Renders, signs and sends mail, and receives it in the embedded mailbox."""
