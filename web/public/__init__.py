"""Pages for clients, and what mail programs and monitors fetch: unsubscribe, links, pictures, the shop, health."""
