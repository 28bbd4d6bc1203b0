"""The verbs of `selvedge`: one file a verb, one folder a group of verbs; `cli.py` imports a verb when it is called.

Imports stand at the top of a file, except of what is slow: the store and the services (SQLAlchemy, 0.3 s), science
(numpy, scipy, pyarrow and scikit-learn, 0.1 to 2 s), Temporal's SDK (0.3 s) and the web server. Functions import those,
so that `--help` and a mistyped option answer in under half a second.
"""
