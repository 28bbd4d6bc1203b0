"""Mail: render, sign, send, and read what comes back."""
