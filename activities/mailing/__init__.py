"""The steps of one mail: picked, written, reviewed, scheduled, sent; each step done twice is done once."""
