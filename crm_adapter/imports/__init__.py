"""Contacts from files, CSV or XLSX: checked first, then taken in by batches, each with a right to hold it (PR12)."""

from crm_adapter.imports.basis import BASES, LawfulBasis, lawful_basis
from crm_adapter.imports.errors import ImportFault
from crm_adapter.imports.mapping import TARGETS, guess_columns
from crm_adapter.imports.orders import (
    Import,
    NewImport,
    create_import,
    drop_import,
    find_import,
    list_imports,
    start_import,
)
from crm_adapter.imports.origins import release
from crm_adapter.imports.reading import read_table
from crm_adapter.imports.report import rejected_csv
from crm_adapter.imports.running import Importer
from crm_adapter.imports.table import Limits

__all__ = [
    "BASES",
    "TARGETS",
    "Import",
    "ImportFault",
    "Importer",
    "LawfulBasis",
    "Limits",
    "NewImport",
    "create_import",
    "drop_import",
    "find_import",
    "guess_columns",
    "lawful_basis",
    "list_imports",
    "read_table",
    "rejected_csv",
    "release",
    "start_import",
]
