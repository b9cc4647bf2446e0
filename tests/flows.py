"""Small PES_Aller flows made to the letter, for tests that need to say exactly what they hold."""

import base64
import gzip
from dataclasses import dataclass, field, replace
from typing import Any

NAMESPACE = "http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/aller"


@dataclass(frozen=True)
class UnePj:
    """A PJ to send; `refs` are RefCompta (domaine, exercice, type, identifiant)."""

    id_unique: str
    octets: bytes = b"%PDF-1.4 rien"
    nom: str = "facture.pdf"
    type_pj: str = "003"
    refs: tuple[tuple[str, int, str, str], ...] = ()
    contenu: str | None = None


@dataclass(frozen=True)
class UnMandat:
    """A mandat of one line."""

    numero: str
    cite: tuple[str, ...] = ()
    ht: str = "100.00"
    compte: str = "60612"
    nature: str = "01"
    papier: tuple[str, ...] = ()
    marche: str = ""
    objet: str = "Fournitures"
    tiers: str = "ENERGIES DU VAL"


@dataclass(frozen=True)
class UnFlux:
    """A flow of one bordereau of mandats."""

    mandats: tuple[UnMandat, ...] = ()
    pjs: tuple[UnePj, ...] = ()
    siren: str = "000000001"
    exercice: int = 2023
    bordereau: str = "12"
    type_bordereau: str = "01"
    date_str: str = "2023-05-02"
    nom: str = "FLUX"
    encodage: str = "ISO-8859-1"
    extra: str = field(default="")

    def sent(self, date_str: str, **changes: Any) -> "UnFlux":
        """The same sent again on another day."""
        changes |= {"date_str": date_str, "nom": f"{self.nom}-{date_str}"}
        return replace(self, **changes)

    def make(self) -> bytes:
        """The XML, in its encoding."""
        text = (
            f'<?xml version="1.0" encoding="{self.encodage}"?>\n'
            f'<n:PES_Aller xmlns:n="{NAMESPACE}">'
            f'<Enveloppe><Parametres><Version V="2"/><TypFic V="PESALR2"/><NomFic V="{self.nom}"/>'
            "</Parametres></Enveloppe>"
            f'<EnTetePES><DteStr V="{self.date_str}"/><IdPost V="033012"/>'
            f'<IdColl V="{self.siren}00011"/><CodCol V="101"/><CodBud V="00"/>'
            f'<LibelleColBud V="COMMUNE {self.siren}"/></EnTetePES>'
            f"{self._depense()}{self.extra}{self._pjs()}</n:PES_Aller>"
        )
        return text.encode(self.encodage)

    def _depense(self) -> str:
        if not self.mandats:
            return ""
        pieces = "".join(_make_mandat(m) for m in self.mandats)
        total = sum(float(m.ht) for m in self.mandats)
        return (
            '<PES_DepenseAller><EnTeteDepense><IdVer V="2"/></EnTeteDepense><Bordereau>'
            f'<BlocBordereau><Exer V="{self.exercice}"/><IdBord V="{self.bordereau}"/>'
            f'<DteBordEm V="{self.date_str}"/><TypBord V="{self.type_bordereau}"/>'
            f'<NbrPce V="{len(self.mandats)}"/><MtBordHT V="{total:.2f}"/></BlocBordereau>'
            f"{pieces}</Bordereau></PES_DepenseAller>"
        )

    def _pjs(self) -> str:
        if not self.pjs:
            return ""
        return (
            '<PES_PJ><EnTetePES_PJ><IdVer V="1"/></EnTetePES_PJ>'
            + "".join(_make_pj(pj) for pj in self.pjs)
            + "</PES_PJ>"
        )


def encode(octets: bytes) -> str:
    """What a Fichier holds: base64 of gzip."""
    return base64.b64encode(gzip.compress(octets, 1, mtime=0)).decode()


def _make_mandat(mandat: UnMandat) -> str:
    type_piece = "02" if mandat.nature == "06" else "01"
    refs = "".join(_make_ref(i, "01") for i in mandat.cite)
    refs += "".join(_make_ref(i, "02") for i in mandat.papier)
    liens = f'<LiensIdent><IdMarche V="{mandat.marche}"/></LiensIdent>' if mandat.marche else ""
    return (
        f'<Piece><BlocPiece><InfoPce><IdPce V="{mandat.numero}"/><TypPce V="{type_piece}"/>'
        f'<NatPce V="{mandat.nature}"/><Obj V="{mandat.objet}"/>{refs}</InfoPce></BlocPiece>'
        '<LigneDePiece><BlocLignePiece><InfoLignePce><IdLigne V="1"/>'
        f'<Nature V="{mandat.compte}"/><TVAIntraCom V="0"/><MtHT V="{mandat.ht}"/>'
        f"</InfoLignePce>{liens}</BlocLignePiece>"
        '<Tiers><InfoTiers><IdTiers V="00000000100011"/><NatIdTiers V="01"/><CatTiers V="50"/>'
        f'<NatJur V="03"/><Nom V="{mandat.tiers}"/></InfoTiers></Tiers>'
        "</LigneDePiece></Piece>"
    )


def _make_ref(id_unique: str, support: str) -> str:
    said = f'<Support V="{support}"/><IdUnique V="{id_unique}"/><NomPJ V="facture.pdf"/>'
    return f"<PJRef>{said}</PJRef>"


def _make_pj(pj: UnePj) -> str:
    refs = "".join(
        f'<RefCompta><Domaine V="{domaine}"/><Exercice V="{exercice}"/>'
        f'<TypeObjet V="{type_objet}"/><Identifiant V="{identifiant}"/></RefCompta>'
        for domaine, exercice, type_objet, identifiant in pj.refs
    )
    contenu = encode(pj.octets) if pj.contenu is None else pj.contenu
    return (
        f'<PJ><Contenu><Fichier MIMEType="application/pdf">{contenu}</Fichier></Contenu>'
        f'<IdUnique V="{pj.id_unique}"/><NomPJ V="{pj.nom}"/><TypePJ V="{pj.type_pj}"/>'
        f'<Description V="Facture"/>{refs}</PJ>'
    )
