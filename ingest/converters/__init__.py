"""Public data sets in our formats, one script a set: `python -m ingest.converters.cdnow SOURCE FOLDER`.

None of the data is carried here; each script names its set. What a set does not hold is left out or asked for, never
made up: addresses are of a reserved domain that no mail reaches, and nobody has consented unless `--consent` says so.
"""
