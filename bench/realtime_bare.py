"""A bare FastAPI handler that returns the bytes of a file, `python -m bench.realtime_bare FILE PORT`: the product is
compared with it, on the same server, loop and number of processes."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Response


def create_app(body: bytes) -> FastAPI:
    """Create the app."""
    app = FastAPI()

    @app.get("/v1/recommendations")
    async def recommend_items(client_id: str, n: int = 10, context: str = "home", item_id: str = "") -> Response:
        return Response(body, media_type="application/json")

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(Path(sys.argv[1]).read_bytes()),
        port=int(sys.argv[2]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
