"""Who asks, and what they may: sign-in, the rule of each route, and the tokens of forms."""
