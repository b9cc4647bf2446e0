"""The marché whose contractual piece a PJ is: its days of notification and of balance."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from orc.db import cut
from orc.models import Flux, Ligne, Marche, PieceJustificative, was_read
from orc.retention import declarations
from orc.retention.citations import Citante
from orc.retention.declarations import DatesMarche
from orc.retention.facts import Marche as Fait
from orc.retention.facts import Preuve
from orc.retention.regard import find_contrats

# TypePJ of the contractual pieces of a marché.
CONTRACTUELLE = "009"
Cle = tuple[str, str]


def find_marches(
    session: Session,
    pjs: Collection[PieceJustificative],
    citantes: Mapping[int, list[Citante]],
    lignes: Mapping[int, list[Ligne]],
) -> dict[int, Fait]:
    """The marché of each contractual piece: a block cites it, it names one, a 009 of its lines."""
    keys: dict[int, set[Cle]] = defaultdict(set)
    for pj_id, siren, cle in find_contrats(session, [pj.id for pj in pjs]):
        keys[pj_id].add((siren, cle))
    for pj in pjs:
        if pj.type_pj == CONTRACTUELLE:
            said = (n for c in citantes.get(pj.id, []) for n in lignes.get(c.piece_id, []))
            keys[pj.id] |= {(pj.siren, n.marche_cle) for n in said if n.marche_cle}
    asked = {key for some in keys.values() for key in some}
    dates = find_dates(session, asked)
    return {pj_id: _merge_marches([dates[k] for k in sorted(some)]) for pj_id, some in keys.items()}


def find_dates(session: Session, keys: Collection[Cle]) -> dict[Cle, DatesMarche]:
    """What flows and people say of these marchés; what people declare wins over the flows."""
    said: dict[Cle, DatesMarche] = {key: DatesMarche() for key in keys}
    for lot in cut(keys):
        query = (
            select(Marche.siren, Marche.cle, Marche.date_notification, Flux.nom_fic)
            .join(Flux, Flux.id == Marche.flux_id)
            .where(tuple_(Marche.siren, Marche.cle).in_(lot), was_read(Flux))
            .where(Marche.date_notification.is_not(None))
            .order_by(Marche.date_notification, Flux.nom_fic)
        )
        for siren, cle, day, nom_fic in session.execute(query):
            preuve = Preuve("notification du marché", day, f"flux {nom_fic}")
            said[siren, cle] = DatesMarche(day, None, (preuve,))
    for key, declared in declarations.find_marches(session, keys).items():
        wins = declared if declared.notifie_le else said[key]
        said[key] = DatesMarche(
            wins.notifie_le, declared.solde_le, wins.preuves_notification, declared.preuves_solde
        )
    return said


def _merge_marches(dates: list[DatesMarche]) -> Fait:
    """Of several marchés, the last days; one that is not known makes it unknown."""
    notifies = [d.notifie_le for d in dates]
    soldes = [d.solde_le for d in dates]
    return Fait(
        None if not dates or None in notifies else max(d for d in notifies if d),
        None if not dates or None in soldes else max(d for d in soldes if d),
        tuple(p for d in dates for p in d.preuves_notification),
        tuple(p for d in dates for p in d.preuves_solde),
    )
