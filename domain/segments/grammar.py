"""The grammar of filters as people type them."""

from __future__ import annotations

from typing import Final

GRAMMAR: Final = r"""
start: _either
_either: any_of | _both
_both: all_of | _denial
any_of: _both (_OR _both)+
all_of: _denial (_AND _denial)+
_denial: negation | _atom
negation: _NOT _denial

_atom: "(" _either ")"
     | comparison | choice | exclusion | knowledge | condition | never
comparison: NAME OP _value
choice: NAME _IN "(" _values ")"
exclusion: NAME _NOT _IN "(" _values ")"
knowledge: NAME _IS KNOWN
never: _NEVER condition
condition: NAME arguments? (count | worth)? window?

arguments: "(" [argument ("," argument)*] ")"
argument: _value | NAME OP _value | NAME _IN "(" _values ")"
count: AT_LEAST NUMBER _TIMES
worth: _FOR AT_LEAST NUMBER
window: last | since | before | ago | last before | last ago | since before | since ago
last: _IN _LAST? span
since: _SINCE DATE
before: _BEFORE DATE
ago: _BEFORE span _AGO
span: NUMBER UNIT

_values: _value ("," _value)*
_value: NAME | STRING | NUMBER | DATE | MONTH

_OR: "or"i
_AND: "and"i
_NOT: "not"i
_NEVER: "never"i
_IN: "in"i
_IS: "is"i
_FOR: "for"i
_SINCE: "since"i
_BEFORE: "before"i
_AGO: "ago"i
_LAST: "last"i | /the\s+last\b/i
KNOWN: "known"i | "unknown"i
AT_LEAST.2: /at\s+least\b/i | /at\s+most\b/i | "exactly"i
_TIMES: "times"i | "time"i
UNIT: /(hour|day|week)s?\b/i
OP: "=" | "!=" | "<=" | ">=" | "<" | ">"
NAME: /[^\W\d][\w.-]*/i
STRING: /"(?:[^"\\\x00-\x1f]|\\["\\])*"/
DATE.2: /\d{4}-\d{2}-\d{2}(?![\w-])/
MONTH.1: /\d{4}-\d{2}(?![\w-])/
NUMBER: /-?\d{1,13}(?:\.\d{1,17})?/
%import common.WS
%ignore WS
"""

KEYWORDS: Final = frozenset(
    [
        "or",
        "and",
        "not",
        "never",
        "in",
        "is",
        "for",
        "since",
        "before",
        "ago",
        "the",
        "last",
        "known",
        "unknown",
        "at",
        "least",
        "most",
        "exactly",
        "times",
        "time",
        "hour",
        "hours",
        "day",
        "days",
        "week",
        "weeks",
        "yes",
        "no",
        "true",
        "false",
        "everyone",
    ]
)
"""Words that a value must be quoted to be."""

EXPECTED: Final = {
    "NAME": "a field or happening",
    "OP": "= != < <= > >=",
    "NUMBER": "a number",
    "STRING": "a value",
    "DATE": "a day such as 2026-01-31",
    "UNIT": "hours, days or weeks",
    "LPAR": "(",
    "RPAR": ")",
    "COMMA": ",",
    "_AND": "and",
    "_OR": "or",
    "_NOT": "not",
    "_IN": "in",
    "_TIMES": "times",
    "AT_LEAST": "at least, at most or exactly",
    "_AGO": "ago",
    "$END": "the end",
}
"""The words by which errors name what could stand at a place."""
