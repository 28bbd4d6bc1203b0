"""Fix assembly: one box to its optimum; a wave of boxes against one stock, with a bound valid by construction."""
