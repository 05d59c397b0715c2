"""Customers: profiles with their history, the accounts they are known by, merges, interactions, the change feed."""

from crm_adapter.customers.fault_texts import fault_text, field_name
from crm_adapter.customers.feed import SqlFeed
from crm_adapter.customers.interactions import SqlInteractions
from crm_adapter.customers.store import SqlCustomers

__all__ = ["SqlCustomers", "SqlFeed", "SqlInteractions", "fault_text", "field_name"]
