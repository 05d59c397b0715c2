"""The readable export names every column in the person's language (PIPL 45): none keeps a program's name."""

from importlib.resources import files

import pytest
import yaml

from crm_adapter.imports import tables as imports_tables
from crm_adapter.rights.gathering import _HIDDEN, SECTIONS, Section, _name
from crm_adapter.sharing import tables as sharing_tables
from crm_adapter.sql_store import SqlStore
from crm_adapter.tables import metadata

COLUMNS = yaml.safe_load((files("crm_adapter.rights") / "texts.yml").read_text(encoding="utf-8"))["columns"]

ROOMS = (imports_tables, sharing_tables, SqlStore)
"""What is imported brings the tables of its room."""


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_every_column_has_a_name_in_each_language(section: Section) -> None:
    shown = {column.name for column in metadata.tables[section.table].columns} - _HIDDEN - section.hides
    names = {_name(section, column) for column in shown}
    assert {name for name in names if set(COLUMNS.get(name, {})) != {"zh-Hans", "zh-Hant", "en"}} == set()
