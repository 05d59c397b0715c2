"""What an adapter says it can do it does; what it leaves out raises NotSupported."""

from collections.abc import Awaitable, Callable
from inspect import getmembers, isfunction, signature
from typing import Any, get_args
from uuid import UUID

import pytest

from crm_adapter.port import Capability, Crm, CrmFault, NotSupported
from crm_adapter.records.customers import ExternalKey, NewInteraction
from crm_adapter.records.rights import NewPrivacyRequest
from crm_adapter.records.service import NewCase, NewTask
from crm_adapter.records.value import NewOrder
from tests.contract.crm.conftest import STAFF, now, said

PROBES: dict[Capability, Callable[[Any, UUID], Awaitable[object]]] = {
    "contacts": lambda crm, id: crm.upsert_contact(ExternalKey("shop", "probe"), {}, said()),
    "merge": lambda crm, id: crm.merge_suggestions(),
    "interactions": lambda crm, id: crm.append_interaction(
        "probe", NewInteraction(id, "phone", "desk", "in", now(), "hello")
    ),
    "cases": lambda crm, id: crm.open_case("probe", NewCase(id, "enquiry", "probe", "words", now(), STAFF)),
    "tasks": lambda crm, id: crm.add_task("probe", NewTask(id, "call", "words", now(), STAFF)),
    "consent": lambda crm, id: crm.consents(id),
    "tags": lambda crm, id: crm.tag(id, "regular", STAFF, "comes often"),
    "segments": lambda crm, id: crm.count_segment({"field": "kind", "is": "person"}),
    "orders": lambda crm, id: crm.put_order(NewOrder(id, "shop", "1", now(), 100)),
    "opinions": lambda crm, id: crm.rate_answer(id, id, "probe", helpful=True, at=now()),
    "export": lambda crm, id: crm.export(id),
    "erase": lambda crm, id: crm.erase(id, STAFF, "asked", now()),
    "requests": lambda crm, id: crm.open_privacy_request(NewPrivacyRequest(id, "view", STAFF, now())),
    "changes": lambda crm, id: crm.changes_since(None),
}


def test_every_capability_is_probed():
    assert set(PROBES) | {"within"} == set(get_args(Capability))


def test_every_method_of_the_port_is_called_as_the_port_says(crm):
    asked = {name: member for name, member in getmembers(Crm, isfunction) if not name.startswith("_")}
    assert len(asked) > 40
    for name, method in asked.items():
        wanted = [(one.name, one.kind, one.default) for one in signature(method).parameters.values()][1:]
        given = [(one.name, one.kind, one.default) for one in signature(getattr(crm, name)).parameters.values()]
        assert given == wanted, name


@pytest.mark.parametrize("capability", PROBES)
async def test_a_capability_works_or_is_not_supported(crm, newcomer, capability):
    contact_id = await newcomer()
    if capability in crm.capabilities():
        await PROBES[capability](crm, contact_id)
    else:
        with pytest.raises(NotSupported):
            await PROBES[capability](crm, contact_id)


async def test_within_the_callers_transaction_or_not_supported(crm, request):
    if "within" not in crm.capabilities():
        with pytest.raises(NotSupported):
            crm.within(object())
        return
    engine = request.getfixturevalue("engine")
    async with engine.connect() as connection:
        made = await crm.within(connection).upsert_contact(ExternalKey("shop", "1"), {"name": "Li Lei"}, said())
        await connection.rollback()
    with pytest.raises(CrmFault):
        await crm.contact(made.contact_id)
