"""The query of a request is read as it was meant, escaped or not."""

from __future__ import annotations

import pytest
from fastapi import Request

from errors import BadInput
from models.recommendation_requests import RecommendationQuery
from web.api.requests import parse_query


def read(query: str) -> RecommendationQuery:
    scope = {"type": "http", "query_string": query.encode(), "headers": []}
    return parse_query(RecommendationQuery, Request(scope))


def test_a_plain_and_an_escaped_query_are_read_alike() -> None:
    plain = read("client_id=ann&exclude=a&n=3&&exclude=b&category=knit")
    assert (plain.client_id, plain.exclude, plain.n, plain.category) == ("ann", ("a", "b"), 3, "knit")
    assert read("client_id=%61nn&exclude=a&n=3&exclude=b&category=knit") == plain
    assert read("client_id=ann&category=two+words%21").category == "two words!"


@pytest.mark.parametrize(("query", "field"), [("client_id=ann&colour=red", "colour"), ("client_id=ann&n=", "n")])
def test_what_is_no_parameter_or_no_value_is_named(query: str, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(query)
    assert caught.value.field == field
