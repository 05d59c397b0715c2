"""Puts the staff API into an app."""

from dataclasses import replace

from aiohttp import web

from bot.staff.passwords import Passwords
from bot.staff.rules import DEFAULT_RULES
from bot.web.console import (
    articles,
    cases,
    confirmations,
    consents,
    conversations,
    customers,
    files,
    flows,
    imports,
    merges,
    orders,
    own,
    people,
    privacy,
    profiles,
    queue,
    reviews,
    segments,
    sending,
    sent_files,
    sharing,
    status,
    tasks,
    uses,
    values,
)
from bot.web.console.guard import guard
from bot.web.console.refusals import refusing
from bot.web.keys import IMPORT_LIMITS, PASSWORDS, STAFF_RULES, WECHAT_ACCOUNTS
from bot.web.routes import check_routes, register
from crm_adapter.imports import Limits

ROUTES = (
    *own.ROUTES,
    *people.ROUTES,
    *privacy.ROUTES,
    *customers.ROUTES,
    *profiles.ROUTES,
    *merges.ROUTES,
    *confirmations.ROUTES,
    *conversations.ROUTES,
    *files.ROUTES,
    *queue.ROUTES,
    *sending.ROUTES,
    *sent_files.ROUTES,
    *imports.ROUTES,
    *cases.ROUTES,
    *consents.ROUTES,
    *tasks.ROUTES,
    *articles.ROUTES,
    *flows.ROUTES,
    *status.ROUTES,
    *sharing.ROUTES,
    *uses.ROUTES,
    *reviews.ROUTES,
    *segments.ROUTES,
    *values.ROUTES,
    *orders.ROUTES,
)


def setup_console(app: web.Application) -> None:
    """Mount the staff API and the guard, which from then on stands before every route of the app.

    The middleware ``problems`` must be there already, outside of it. Before the app starts it must hold ``ENGINE``,
    ``CRM``, ``CODES``, ``DESK``, ``DESK_NEWS``, ``PUBLIC_URL``, ``ARTICLES``, ``STATUS`` and ``LABEL_OF``; it may hold
    ``STAFF_RULES``, ``PASSWORDS``, ``IMPORT_LIMITS``, ``WECHAT_ACCOUNTS``, ``BLOBS``, ``TRUSTED_PROXIES`` and
    ``INSECURE_COOKIE_HOSTS``. A route that names no permission keeps the app from starting.
    """
    app.setdefault(STAFF_RULES, DEFAULT_RULES)
    app.setdefault(PASSWORDS, Passwords())
    app.setdefault(IMPORT_LIMITS, Limits())
    app.setdefault(WECHAT_ACCOUNTS, {})
    app.middlewares.append(guard)
    app.on_startup.append(check_routes)
    register(app, (replace(route, handler=refusing(route.handler)) for route in ROUTES))
