"""Webhooks that go out: endpoints, delivery, the log and what is sent again."""
