"""orc search: what a person would find, from the command line; journaled like any search."""

from datetime import date
from typing import Annotated

import typer
from sqlalchemy import select

from orc.access import Lecteur, make_lecteur
from orc.bootstrap import Orc
from orc.cli.console import Json, open_orc, out, print_json
from orc.db import Writing
from orc.domain import format_entier, format_euros
from orc.errors import NotFound
from orc.index.fields import Genre
from orc.ingest.extract.nir import mask_nir
from orc.journal import Acte, record_acte
from orc.models import Personne
from orc.search.find import Question, Reponse, find
from orc.search.not_searched import find_not_searched, write_not_searched
from orc.search.resultats import Resultat, find_resultats


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
    with open_orc() as orc:
        question = Question(requete, genre=genre, taille=taille, apres=apres or None)
        with orc.database.writing() as session:
            lecteur = _get_lecteur(session, comme)
            _record(session, lecteur, requete)
            reponse = find(orc.engine, session, orc.storage, question, clearance=lecteur.clearance)
            resultats = find_resultats(session, reponse.hits.hits, clearance=lecteur.clearance)
            left_out = _find_left_out(orc, session, lecteur)
    if as_json:
        print_json(
            {
                "total": reponse.hits.total,
                "suivant": reponse.hits.suivant,
                "resultats": resultats,
                "passages": dict(reponse.passages),
                "non_cherche": left_out,
            }
        )
    else:
        _print(reponse, resultats, left_out)


def _get_lecteur(session: Writing, identifiant: str) -> Lecteur:
    query = select(Personne).where(
        Personne.identifiant == identifiant, Personne.desactive_le.is_(None)
    )
    personne = session.scalar(query)
    if personne is None:
        raise NotFound(f"Aucun compte {identifiant} : « orc compte liste » les donne tous.")
    today = date.today()  # noqa: DTZ011 - grants are dated in the civil days of the place
    return make_lecteur(session, personne.id, personne.identifiant, personne.nom, today)


def _record(session: Writing, lecteur: Lecteur, requete: str) -> None:
    record_acte(
        session,
        Acte.RECHERCHE,
        acteur="ligne de commande",
        personne_id=lecteur.personne_id,
        objet="recherche",
        details={"requete": mask_nir(requete)[0], "comme": lecteur.identifiant},
        scelle=lecteur.scelle,
    )


def _find_left_out(orc: Orc, session: Writing, lecteur: Lecteur) -> list[str]:
    found = find_not_searched(session, orc.engine, clearance=lecteur.clearance)
    return [text for text, _ in write_not_searched(found)]


def _print(reponse: Reponse, resultats: tuple[Resultat, ...], left_out: list[str]) -> None:
    counts = f"{format_entier(reponse.nb_pj)} pièces justificatives, "
    out.print(f"[bold]{counts}{format_entier(reponse.nb_pieces)} mandats et titres[/bold]")
    for resultat in resultats:
        piece, pj = resultat.piece, resultat.pj
        name = f" · {pj.nom}" if pj else ""
        out.print(
            f"{piece.sens} {piece.numero} / {piece.exercice} · {piece.objet} · "
            f"{format_euros(piece.ttc)}{name}",
            markup=False,
        )
        key = pj.lien_id if pj else piece.id
        for passage in reponse.passages.get(key, ()):
            page = f"p. {passage.page} " if passage.page else ""
            text = "".join(f"«{t}»" if marked else t for t, marked in passage.morceaux)
            out.print(f"    {page}… {text} …", markup=False)
    for text in left_out:
        out.print(f"Non cherché : {text}", markup=False)
    if reponse.hits.suivant:
        out.print(f"Suite : --apres {reponse.hits.suivant}", markup=False)
