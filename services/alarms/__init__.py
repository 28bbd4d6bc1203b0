"""What somebody should hear of before it hurts."""
