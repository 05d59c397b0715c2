"""The knowledge base, to read."""

from aiohttp import web

from bot.staff.roles import Permission
from bot.web.bodies import is_storable
from bot.web.console.paging import page_of, page_reply, place_number, reply, text
from bot.web.keys import ARTICLES
from bot.web.language import locale_of
from bot.web.problems import Problem
from bot.web.routes import Route


async def show_articles(request: web.Request) -> web.Response:
    page = page_of(request)
    start = place_number(page.cursor)
    found = await request.app[ARTICLES].list(text(request, "q"), locale_of(request))
    return page_reply(
        page, found[start : start + page.asked], lambda _: str(start + page.limit), lambda article: article
    )


async def show_article(request: web.Request) -> web.Response:
    wanted = request.match_info["id"]
    article = await request.app[ARTICLES].get(wanted) if is_storable(wanted) else None
    if article is None:
        raise Problem(404, "unknown_article")
    return reply(article)


ROUTES = (
    Route("GET", "/api/articles", show_articles, Permission.ARTICLES_READ),
    Route("GET", "/api/articles/{id}", show_article, Permission.ARTICLES_READ),
)
