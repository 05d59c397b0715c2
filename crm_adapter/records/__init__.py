"""The values that pass through the CRM port: plain, immutable, in clear; who stores them seals them.

Times are aware ``datetime``s; money is in minor units (fen, cents) with an ISO 4217 code; locales are ``zh-Hans``,
``zh-Hant`` and ``en``; who did something is ``customer``, ``staff:<id>``, ``import:<id>`` or ``system:<what>``.
"""
