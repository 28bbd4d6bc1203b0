"""A ranking that shows first what suits the client and will soon be gone. It imports nothing of Selvedge."""

from typing import Any

slot = "ranking"
version = "1.0"


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Return the best `n` candidates; what the client touched before counts for its category."""
    liked = {touch["item_id"] for touch in question["touches"]}
    categories = {item["category"] for item in question["candidates"] if item["item_id"] in liked}

    def score(candidate: dict[str, Any]) -> float:
        scarce = 0.1 / (1 + candidate["on_hand"])
        suits: float = candidate["house_score"] + scarce
        return suits + 0.1 * (candidate["category"] in categories)

    best = sorted(question["candidates"], key=lambda item: (-score(item), item["item_id"]))
    return {"items": [{"item_id": item["item_id"], "score": score(item)} for item in best[: question["n"]]]}
