"""Pictures as a shop has them, drawn here, and a server on this machine that serves them as a shop would."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import NamedTuple

from PIL import Image, ImageDraw


class Page(NamedTuple):
    """What the server answers at one path."""

    body: bytes = b""
    status: int = 200
    kind: str = "image/jpeg"
    location: str = ""


def draw_photo(colour: str, ground: str = "#f2efe9", size: tuple[int, int] = (600, 800), kind: str = "JPEG") -> bytes:
    """Draw something like the photo of a jumper."""
    image = Image.new("RGB", size, ground)
    draw, (width, height) = ImageDraw.Draw(image), size
    at = [(0.3, 0.25), (0.42, 0.2), (0.58, 0.2), (0.7, 0.25), (0.88, 0.7), (0.76, 0.73), (0.69, 0.5), (0.69, 0.8)]
    at += [(1 - x, y) for x, y in reversed(at[4:])]
    draw.polygon([(x * width, y * height) for x, y in at], fill=colour)
    draw.ellipse((0.4 * width, 0.15 * height, 0.6 * width, 0.25 * height), fill=ground)
    out = BytesIO()
    image.save(out, kind)
    return out.getvalue()


@contextmanager
def serve_shop(pages: Mapping[str, Page]) -> Iterator[str]:
    """Serve the pages inside the block; gives the address of the server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path, Page(b"nothing", 404, "text/plain"))
            self.send_response(page.status)
            self.send_header("Content-Type", page.kind)
            self.send_header("Content-Length", str(len(page.body)))
            if page.location:
                self.send_header("Location", page.location)
            self.end_headers()
            self.wfile.write(page.body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
