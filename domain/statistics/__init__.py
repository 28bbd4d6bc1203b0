"""What outcomes say, and how sure one may be of it. Pure: arrays in, numbers out."""
