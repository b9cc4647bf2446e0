"""orc compte: accounts and their grants."""

from typing import Annotated

import typer

from orc.cli.console import Json, open_orc, out, print_json
from orc.domain import LIBELLES_ROLES, Domaine, Role
from orc.identity.comptes import (
    NouveauCompte,
    Octroi,
    create_compte,
    disable_compte,
    find_comptes,
    grant_habilitation,
)

app = typer.Typer(help="Comptes et habilitations.", no_args_is_help=True)
PAR = "ligne de commande"


@app.command()
def creer(
    identifiant: Annotated[str, typer.Argument()],
    *,
    nom: Annotated[str, typer.Option(help="Nom affiché.")],
    role: Annotated[Role, typer.Option()],
    portee: Annotated[str, typer.Option(help="poste, collectivite, budget ou rien.")] = "rien",
    cle: Annotated[str, typer.Option(help="Codique, SIREN ou SIRET/CodCol/CodBud.")] = "",
    domaines: Annotated[list[Domaine] | None, typer.Option("--domaine")] = None,
    mot_de_passe: Annotated[
        str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)
    ],
) -> None:
    """Créer un compte et son habilitation."""
    octroi = Octroi(role, portee, cle, domaines=tuple(domaines or ()))
    with open_orc() as orc, orc.database.writing() as session:
        compte = NouveauCompte(identifiant, nom, mot_de_passe)
        personne_id = create_compte(session, compte, par=PAR)
        grant_habilitation(session, personne_id, octroi, par=PAR)
    out.print(f"Compte {identifiant} créé : {LIBELLES_ROLES[role]}.")


@app.command()
def liste(*, as_json: Json = False) -> None:
    """Les comptes et leurs rôles."""
    with open_orc() as orc, orc.database.reading() as session:
        comptes = find_comptes(session)
    if as_json:
        print_json(comptes)
        return
    for compte in comptes:
        roles = ", ".join(LIBELLES_ROLES[role] for role in compte.roles)
        state = "" if compte.actif else "  (désactivé)"
        out.print(f"{compte.identifiant}  {compte.nom}  {roles}{state}", markup=False)


@app.command()
def desactiver(identifiant: Annotated[str, typer.Argument()]) -> None:
    """Fermer un compte : ses sessions prennent fin tout de suite."""
    with open_orc() as orc, orc.database.writing() as session:
        disable_compte(session, identifiant, par=PAR)
    out.print(f"Compte {identifiant} désactivé.")
