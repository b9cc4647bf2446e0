"""orc compte technique: the accounts of connectors and their keys, shown once."""

from typing import Annotated

import typer

from orc.cli.console import Json, open_orc, out, print_json
from orc.identity.cles import (
    CleNeuve,
    DroitApi,
    make_durees,
    remove_cle,
    reset_cles,
    rotate_cle,
)
from orc.identity.techniques import (
    NouveauTechnique,
    Technique,
    close_technique,
    create_technique,
    find_techniques,
    get_technique_id,
)
from orc.models import CompteTechnique

app = typer.Typer(help="Comptes techniques et clés d’API.", no_args_is_help=True)
PAR = "ligne de commande"

Identifiant = Annotated[str, typer.Argument(help="Identifiant du compte : ct-SIREN-nom.")]
Droits = Annotated[
    list[DroitApi], typer.Option("--droit", help="Ce que ses clés peuvent appeler ; se répète.")
]


@app.command()
def creer(
    siren: Annotated[str, typer.Argument(help="SIREN de la structure qui le tient.")],
    nom_court: Annotated[str, typer.Argument(help="Fin de son identifiant.")],
    *,
    libelle: Annotated[str, typer.Option(help="Nom affiché.")] = "",
    proprietaire: Annotated[str, typer.Option(help="Identifiant de qui est prévenu.")],
    droits: Droits,
    partenaire: Annotated[str, typer.Option(help="À qui il est confié.")] = "",
) -> None:
    """Créer un compte technique, sans clé."""
    nouveau = NouveauTechnique(
        siren, nom_court, libelle, proprietaire, frozenset(droits), partenaire
    )
    with open_orc() as orc, orc.database.writing() as session:
        create_technique(session, nouveau, par=PAR)
    out.print(f"Compte ct-{siren}-{nom_court.strip().casefold()} créé.", markup=False)


@app.command()
def liste(*, as_json: Json = False) -> None:
    """Les comptes techniques et leurs clés en service ; aucune clé n’y est en clair."""
    with open_orc() as orc, orc.database.reading() as session:
        comptes = find_techniques(session, CompteTechnique.personne_id > 0)
    if as_json:
        print_json(comptes)
        return
    for compte in comptes:
        _print_compte(compte)


@app.command()
def cle(
    identifiant: Identifiant,
    *,
    reinitialiser: Annotated[
        bool, typer.Option(help="Retirer d’abord toutes les clés, à l’instant.")
    ] = False,
) -> None:
    """Créer une clé, ou la renouveler : l’ancienne vaut encore le temps du recouvrement."""
    make = reset_cles if reinitialiser else rotate_cle
    with open_orc() as orc, orc.database.writing() as session:
        personne_id = get_technique_id(session, identifiant)
        neuve = make(session, personne_id, make_durees(orc.settings), par=PAR)
    _print_cle(neuve)


@app.command("retirer-cle")
def retirer_cle(
    identifiant: Identifiant,
    numero: Annotated[int, typer.Argument(help="Numéro de la clé, que « liste » donne.")],
) -> None:
    """Retirer une clé : elle est refusée dès son prochain appel."""
    with open_orc() as orc, orc.database.writing() as session:
        remove_cle(session, get_technique_id(session, identifiant), numero, par=PAR)
    out.print(f"Clé {numero} retirée.")


@app.command()
def fermer(identifiant: Identifiant) -> None:
    """Fermer le compte et retirer ses clés."""
    with open_orc() as orc, orc.database.writing() as session:
        close_technique(session, get_technique_id(session, identifiant), par=PAR)
    out.print(f"Compte {identifiant} fermé.", markup=False)


def _print_cle(neuve: CleNeuve) -> None:
    out.print(neuve.cle, markup=False, highlight=False, soft_wrap=True)
    out.print(f"Montrée cette seule fois. Elle expire le {neuve.expire_le:%d/%m/%Y}.", markup=False)


def _print_compte(compte: Technique) -> None:
    state = "  (fermé)" if compte.ferme else ""
    given = f"  confié à {compte.partenaire}" if compte.partenaire else ""
    droits = ", ".join(compte.droits)
    out.print(f"{compte.identifiant}  {compte.libelle}{given}{state}  [{droits}]", markup=False)
    for key in compte.vivantes:
        out.print(
            f"    n° {key.id}  orc_{key.debut}_…  jusqu’au {key.expire_le:%d/%m/%Y}", markup=False
        )
