"""Converts public data sets to our formats, one script a set: `python -m ingest.converters.cdnow SOURCE FOLDER`.

None of the data is shipped here; each script names its set. What a set lacks is left out or asked for, never made up:
addresses are of a reserved domain that receives no mail, and nobody has consented unless `--consent` says so.
"""
