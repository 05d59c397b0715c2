"""With what right a contact from elsewhere is held (PR12): a basis, and a reference to its proof."""

from dataclasses import dataclass
from typing import Literal, get_args

from crm_adapter.imports.errors import ImportFault

BasisKind = Literal["consent", "contract", "legal_duty", "source_agreement"]
BASES: tuple[BasisKind, ...] = get_args(BasisKind)
_LONGEST_PROOF = 500


@dataclass(frozen=True, slots=True)
class LawfulBasis:
    """``source_agreement``: who gave us the data warrants by contract that it may. ``proof`` names the document."""

    kind: BasisKind
    proof: str


def lawful_basis(kind: str | None, proof: str | None) -> LawfulBasis | None:
    """The basis of an import; none at all is allowed and means quarantine.

    Raises :class:`ImportFault` ``import_unknown_basis`` and ``import_no_proof``.
    """
    if not kind:
        return None
    known = next((one for one in BASES if one == kind), None)
    if known is None:
        raise ImportFault("import_unknown_basis", basis=kind[:100], bases=", ".join(BASES))
    proof = (proof or "").strip()
    if not proof or len(proof) > _LONGEST_PROOF:
        raise ImportFault("import_no_proof", limit=_LONGEST_PROOF)
    return LawfulBasis(known, proof)
