"""The goods of the shop: wholes that retire what they leave out, and pictures fetched from the shop."""
