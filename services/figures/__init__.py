"""The key figures of the shop: counted by day, and put together for a span of days."""
