"""orc search: what a person would find, from the command line; journaled like any search."""

from dataclasses import dataclass
from typing import Annotated

import typer
from sqlalchemy import select

from orc.access import Lecteur, make_lecteur
from orc.bootstrap import Orc
from orc.cli.console import Json, open_orc, out, print_json
from orc.db import Reading, Writing
from orc.domain import format_euros, format_nombre
from orc.errors import NotFound
from orc.index.fields import Genre
from orc.ingest.extract.nir import mask_nir
from orc.journal import Acte, record_acte
from orc.models import Personne, read_today
from orc.search.find import Question, Reponse, find
from orc.search.not_searched import find_not_searched, write_not_searched
from orc.search.ouvertes import find_numero, find_ouvertes, write_ouverte
from orc.search.portee import find_etendue, write_etendue
from orc.search.resultats import Resultat, find_resultats, name_piece


def search(
    requete: Annotated[
        str, typer.Argument(help='Comme sur le site : mots, "phrase", champ:valeur.')
    ],
    *,
    comme: Annotated[str, typer.Option(help="Identifiant du compte dont on a les droits.")],
    genre: Annotated[
        Genre, typer.Option(help="pj, ou piece pour les mandats et titres.")
    ] = Genre.PJ,
    taille: Annotated[int, typer.Option(help="Nombre de résultats.")] = 10,
    apres: Annotated[str, typer.Option(help="Page suivante : le « suivant » de la réponse.")] = "",
    as_json: Json = False,
) -> None:
    """Chercher avec les droits d’un compte : rien d’autre que ce qu’il peut voir."""
    question = Question(requete, genre=genre, taille=taille, apres=apres or None)
    with open_orc() as orc:
        with orc.database.reading() as session:
            lecteur = _get_lecteur(session, comme)
            found = _search(orc, session, question, lecteur)
        # The row is there before anything is told; the search itself holds no lock.
        with orc.database.writing() as session:
            _record(session, lecteur, requete, found.reponse)
    if as_json:
        print_json(
            {
                "total": found.reponse.hits.total,
                "suivant": found.reponse.hits.suivant,
                "resultats": found.resultats,
                "passages": dict(found.reponse.passages),
                "perimetre": found.perimetre,
                "non_cherche": found.left_out,
            }
        )
    else:
        _print(found)


@dataclass(frozen=True, slots=True)
class _Trouve:
    """The answer; within what rights it was looked for; what could not be looked into."""

    reponse: Reponse
    resultats: tuple[Resultat, ...]
    perimetre: str
    left_out: tuple[str, ...]


def _search(orc: Orc, session: Reading, question: Question, lecteur: Lecteur) -> _Trouve:
    clearance = lecteur.clearance
    reponse = find(orc.engine, session, orc.storage, question, clearance=clearance)
    left_out = find_not_searched(session, orc.engine, clearance=clearance)
    numero = find_numero(reponse.expression)
    open_ones = find_ouvertes(session, numero, clearance=clearance) if numero else ()
    etendue = find_etendue(session, lecteur, read_today())
    return _Trouve(
        reponse,
        find_resultats(session, reponse.hits.hits, clearance=clearance),
        write_etendue(etendue) if etendue.exercices else "",
        (
            *(text for text, _ in write_not_searched(left_out)),
            *(write_ouverte(piece) for piece in open_ones),
        ),
    )


def _get_lecteur(session: Reading, identifiant: str) -> Lecteur:
    query = select(Personne).where(
        Personne.identifiant == identifiant, Personne.desactive_le.is_(None)
    )
    personne = session.scalar(query)
    if personne is None:
        raise NotFound(f"Aucun compte {identifiant} : « orc compte liste » les donne tous.")
    return make_lecteur(session, personne.id, personne.identifiant, personne.nom, read_today())


def _record(session: Writing, lecteur: Lecteur, requete: str, reponse: Reponse) -> None:
    record_acte(
        session,
        Acte.RECHERCHE,
        acteur="ligne de commande",
        personne_id=lecteur.personne_id,
        objet="recherche",
        details={
            "libelle": mask_nir(requete)[0],
            "comme": lecteur.identifiant,
            "pieces": reponse.nb_pieces,
            "pj": reponse.nb_pj,
        },
        scelle=lecteur.scelle,
    )


def _print(found: _Trouve) -> None:
    reponse = found.reponse
    pj = format_nombre(reponse.nb_pj, "pièce justificative", "pièces justificatives")
    pieces = format_nombre(reponse.nb_pieces, "mandat ou titre", "mandats et titres")
    out.print(f"[bold]{pj}, {pieces}[/bold]")
    for resultat in found.resultats:
        _print_resultat(resultat, reponse)
    if found.perimetre:
        out.print(f"Cherché dans : {found.perimetre}.", markup=False)
    for text in found.left_out:
        out.print(f"Non cherché : {text}", markup=False)
    if reponse.hits.suivant:
        out.print(f"Suite : --apres {reponse.hits.suivant}", markup=False)


def _print_resultat(resultat: Resultat, reponse: Reponse) -> None:
    piece, pj = resultat.piece, resultat.pj
    parts = (name_piece(resultat), piece.objet, format_euros(piece.ttc), pj.nom if pj else "")
    out.print(" · ".join(filter(None, parts)), markup=False)
    for passage in reponse.passages.get(pj.lien_id if pj else piece.id, ()):
        page = f"p. {passage.page_partie or passage.page} " if passage.page else ""
        page = f"{passage.partie}, {page}" if passage.partie else page
        text = "".join(f"«{t}»" if marked else t for t, marked in passage.morceaux)
        out.print(f"    {page}{text}", markup=False)
