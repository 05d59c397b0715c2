"""Orders from outside systems: many at once, each taken or refused by itself."""

from typing import Annotated, Any
from uuid import UUID

import structlog
from aiohttp import web
from pydantic import AwareDatetime, Field

from bot.staff.roles import Permission
from bot.web.bodies import Body, Line, read_model
from bot.web.console.cases import Id
from bot.web.console.guard import SESSION
from bot.web.console.paging import reply
from bot.web.console.seen import SEEN
from bot.web.keys import CRM
from bot.web.routes import Route
from crm_adapter.records.customers import ExternalKey
from crm_adapter.records.value import NewOrder, OrderLine, OrderStatus
from crm_adapter.value.incoming import NOBODY, Incoming, Outcome, Whose

log = structlog.get_logger(__name__)

MOST_ORDERS = 500
BODY_LIMIT = 2 * 1024 * 1024


class _Line(Body):
    sku: Annotated[Line, Field(min_length=1, max_length=128)]
    name: Annotated[Line, Field(max_length=300)] = ""
    quantity: int = 1
    amount: int = 0


class _Key(Body):
    system: Annotated[Line, Field(min_length=1, max_length=64)]
    key: Annotated[Line, Field(min_length=1, max_length=200)]


class _Order(Body):
    contact_id: Id | None = None
    external_key: _Key | None = None
    phone: Annotated[str, Field(max_length=64)] | None = None
    email: Annotated[str, Field(max_length=320)] | None = None
    reference: Annotated[Line, Field(max_length=200)]
    placed_at: Annotated[AwareDatetime, Field(strict=False)]
    amount: int
    currency: Annotated[str, Field(max_length=3)] = "CNY"
    status: OrderStatus = "placed"
    lines: Annotated[list[_Line], Field(default_factory=list, max_length=500)]

    def incoming(self, source: str) -> Incoming:
        """As the store takes it."""
        whose = Whose(
            contact_id=UUID(self.contact_id) if self.contact_id else None,
            external_key=ExternalKey(self.external_key.system, self.external_key.key) if self.external_key else None,
            phone=self.phone,
            email=self.email,
        )
        order = NewOrder(
            contact_id=NOBODY,
            source=source,
            reference=self.reference,
            placed_at=self.placed_at,
            amount=self.amount,
            currency=self.currency,
            status=self.status,
            lines=tuple(OrderLine(line.sku, line.name, line.quantity, line.amount) for line in self.lines),
        )
        return Incoming(whose, order)


class _Orders(Body):
    source: Annotated[Line, Field(min_length=1, max_length=64)]
    orders: Annotated[list[_Order], Field(min_length=1, max_length=MOST_ORDERS)]


async def take_orders(request: web.Request) -> web.Response:
    """200 with an outcome for each order, in their order; 422 when the list itself is not one."""
    wanted = await read_model(request, _Orders, limit=BODY_LIMIT)
    outcomes = await request.app[CRM].take_orders([one.incoming(wanted.source) for one in wanted.orders])
    # An outcome says whether a phone number or a key is a customer's, so whoever was found has been looked up.
    request[SEEN].update(one.contact_id for one in outcomes if one.contact_id is not None)
    rejected = sum(one.state == "rejected" for one in outcomes)
    log.info("orders.taken", by=str(request[SESSION].staff.id), orders=len(outcomes), rejected=rejected)
    return reply({"items": [_shape(number, one) for number, one in enumerate(outcomes)], "rejected": rejected})


def _shape(number: int, outcome: Outcome) -> dict[str, Any]:
    if outcome.state == "rejected":
        return {"number": number, "state": outcome.state, "field": outcome.field, "reason": outcome.code}
    return {"number": number, "state": outcome.state, "id": outcome.order_id}


ROUTES = (Route("POST", "/api/orders", take_orders, Permission.CONTACTS_WRITE),)
