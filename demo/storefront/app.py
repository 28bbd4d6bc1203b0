"""The pages of the demo shop: home, search, a piece, the bag, signing up. Who is not signed in is known to Selvedge by
the script alone, and only where they agreed; for who is signed in the shop's server asks and tells, with its key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from demo.storefront.goods import ShopPiece
from demo.storefront.selvedge_api import ORDER, SelvedgeApi, ShopFault

FOLDER: Final = Path(__file__).parent
VISIT: Final = "selvedge_visit"
"""The cookie in which the script keeps the visit's id."""
MOST_IN_BAG: Final = 12
SHOWN: Final = 8


@dataclass(frozen=True)
class ShopOptions:
    """What the shop knows: its name and goods, where Selvedge is, its key there, and the time. `secret` signs its
    cookies."""

    name: str
    goods: Mapping[str, ShopPiece]
    selvedge_url: str
    key: str
    secret: str
    currency: str
    now: Callable[[], datetime]


def create_shop(options: ShopOptions) -> Starlette:
    """Create the shop's site."""
    pages = ShopPages(options)
    return Starlette(
        routes=[
            Route("/", pages.show_home),
            Route("/search", pages.search),
            Route("/p/{item_id}", pages.show_piece),
            Route("/bag", pages.show_bag),
            Route("/bag", pages.change_bag, methods=["POST"]),
            Route("/order", pages.order, methods=["POST"]),
            Route("/sign-up", pages.show_sign_up),
            Route("/sign-up", pages.sign_up, methods=["POST"]),
            Route("/sign-out", pages.sign_out, methods=["POST"]),
            Route("/agree", pages.agree, methods=["POST"]),
            Mount("/static", StaticFiles(directory=FOLDER / "static")),
        ],
        middleware=[Middleware(SessionMiddleware, secret_key=options.secret, session_cookie="shop", same_site="lax")],
        exception_handlers={ShopFault: pages.show_fault, 404: pages.show_nothing},
        lifespan=pages.live,
    )


class ShopPages:
    """The handlers. The cookie `shop` holds the bag, who is signed in, and what the visitor agreed to."""

    def __init__(self, options: ShopOptions) -> None:
        self._options, self._goods = options, options.goods
        self._templates = Jinja2Templates(directory=FOLDER / "templates")
        self._api: SelvedgeApi

    @asynccontextmanager
    async def live(self, _app: Starlette) -> AsyncIterator[None]:
        """Keep one connection pool to Selvedge."""
        headers = {"Authorization": f"Bearer {self._options.key}"}
        url = self._options.selvedge_url
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=10, trust_env=False) as web:
            self._api = SelvedgeApi(web, self._options.currency)
            yield

    # --- looking ---

    async def show_home(self, request: Request) -> Response:
        """Show what suits whoever comes."""
        return self._render(request, "home.html", suited=await self._choose(request, "home"))

    async def search(self, request: Request) -> Response:
        """Show what a search finds, a size and a category chosen beside it."""
        asked = {name: request.query_params.get(name, "")[:80] for name in ("q", "size", "category")}
        visit = request.cookies.get(VISIT) if self._may_remember(request) else None
        found = await self._api.search(asked["q"], asked["size"], asked["category"], visit)
        pieces = [self._goods[item["item_id"]] for item in found["items"] if item["item_id"] in self._goods]
        return self._render(request, "search.html", asked=asked, found=found, pieces=pieces)

    async def show_piece(self, request: Request) -> Response:
        """Show one piece, and what goes with it."""
        piece = self._goods.get(request.path_params["item_id"])
        if piece is None:
            return await self.show_nothing(request, None)
        await self._tell(request, "item_viewed", [piece])
        beside = await self._choose(request, "product", item_id=piece.item_id)
        return self._render(request, "piece.html", piece=piece, suited=beside)

    async def show_bag(self, request: Request) -> Response:
        """Show the bag, and what is worn with it."""
        bag = self._list_bag(request)
        ids = [piece.item_id for piece, _ in bag]
        beside = await self._choose(request, "cart", cart=ids) if bag else []
        total = sum(float(piece.price) for piece, _ in bag)
        return self._render(request, "bag.html", bag=bag, ids=ids, total=total, suited=beside)

    # --- doing ---

    async def change_bag(self, request: Request) -> Response:
        """Put a piece into the bag, or take one out."""
        form = await request.form()
        item_id, size = str(form.get("item_id", "")), str(form.get("size", ""))
        bag: list[list[str]] = [one for one in request.session.get("bag", []) if one[0] != item_id]
        if item_id in self._goods and "out" not in form:
            bag = [*bag, [item_id, size[:20]]][-MOST_IN_BAG:]
            await self._tell(request, "added_to_cart", [self._goods[item_id]])
        request.session["bag"] = bag
        return RedirectResponse("/bag", 303)

    async def order(self, request: Request) -> Response:
        """Order what is in the bag: a made-up order, and nobody pays."""
        if not request.session.get("client"):
            return RedirectResponse("/sign-up", 303)
        await self._tell(request, ORDER, [piece for piece, _ in self._list_bag(request)])
        request.session["bag"] = []
        return RedirectResponse("/bag?ordered=yes", 303)

    async def show_sign_up(self, request: Request) -> Response:
        """Ask for an address, and whether mail is welcome."""
        return self._render(request, "sign_up.html")

    async def sign_up(self, request: Request) -> Response:
        """Make the visitor a client, and what they did in this visit the client's own."""
        form = await request.form()
        email, name, size = (str(form.get(field, ""))[:254] for field in ("email", "first_name", "size"))
        client_id = await self._api.sign_up(email, name, mail=form.get("mail") == "yes", size=size)
        if (visit := request.cookies.get(VISIT)) and self._may_remember(request):
            await self._api.join(visit, client_id)
        request.session.update(client=client_id, name=name)
        answer = RedirectResponse("/", 303)
        answer.delete_cookie(VISIT, "/")
        return answer

    async def sign_out(self, request: Request) -> Response:
        """Forget who it was."""
        request.session.clear()
        return RedirectResponse("/", 303)

    async def agree(self, request: Request) -> Response:
        """Keep what the visitor says to being remembered for this visit."""
        form = await request.form()
        request.session["agreed"] = "yes" if form.get("agreed") == "yes" else "no"
        back = str(form.get("back", "/"))
        return RedirectResponse(back if back.startswith("/") and not back.startswith("//") else "/", 303)

    # --- faults ---

    async def show_fault(self, request: Request, fault: Exception) -> Response:
        """Say what went wrong."""
        return self._render(request, "fault.html", 502, said=str(fault))

    async def show_nothing(self, request: Request, _fault: Exception | None) -> Response:
        """Say that there is no such page."""
        return self._render(request, "fault.html", 404, said="There is nothing here.")

    # --- common parts ---

    def _list_bag(self, request: Request) -> list[tuple[ShopPiece, str]]:
        bag = request.session.get("bag", [])
        return [(self._goods[item_id], size) for item_id, size in bag if item_id in self._goods]

    @staticmethod
    def _may_remember(request: Request) -> bool:
        return request.session.get("agreed") == "yes" and not request.session.get("client")

    async def _choose(self, request: Request, context: str, **anchors: Any) -> list[ShopPiece]:
        """Choose pieces for a client who is signed in; the script fills the page of everybody else."""
        client_id = request.session.get("client")
        if not client_id:
            return []
        ids = await self._api.recommend(context, client_id, SHOWN if context == "home" else 4, anchors)
        return [self._goods[item_id] for item_id in ids if item_id in self._goods]

    async def _tell(self, request: Request, kind: str, pieces: list[ShopPiece]) -> None:
        if (client_id := request.session.get("client")) and pieces:
            await self._api.tell(client_id, kind, pieces, self._options.now())

    def _render(self, request: Request, page: str, status: int = 200, **values: Any) -> Response:
        session = request.session
        common = {
            "shop": self._options,
            "bag_count": len(session.get("bag", [])),
            "client": session.get("client", ""),
            "client_name": session.get("name", ""),
            "agreed": session.get("agreed", ""),
            "here": request.url.path,
        }
        return self._templates.TemplateResponse(request, page, common | values, status_code=status)
