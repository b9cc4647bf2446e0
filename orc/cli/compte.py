"""orc compte: accounts, their passwords and their grants; each change leaves its row."""

import os
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from orc.access.bulk_comptes import BilanComptes, import_comptes
from orc.access.phrases import read_noms
from orc.cli import technique
from orc.cli.console import Json, err, open_orc, out, print_json
from orc.cli.referentiel import read_file
from orc.domain import LIBELLES_DOMAINES, LIBELLES_ROLES, Domaine, Role, format_date
from orc.errors import Invalid
from orc.identity.comptes import (
    PORTEES,
    Compte,
    HabilitationVue,
    NouveauCompte,
    Octroi,
    change_mot_de_passe,
    check_identifiant,
    create_compte,
    disable_compte,
    find_comptes,
    get_personne_id,
    grant_habilitation,
    reset_mot_de_passe,
    withdraw_habilitation,
)
from orc.identity.second_facteur import remove_totp
from orc.models import Habilitation, read_today

app = typer.Typer(help="Comptes, mots de passe et habilitations.", no_args_is_help=True)
app.add_typer(technique.app, name="technique")
PAR = "ligne de commande"

Identifiant = Annotated[str, typer.Argument(help="Identifiant du compte.")]
RoleOption = Annotated[Role, typer.Option(help="Ce que la personne est pour ORC.")]
Portee = Annotated[str, typer.Option(help=f"Une de : {', '.join(PORTEES)}.")]
Cle = Annotated[str, typer.Option(help="Codique, SIREN ou SIRET/CodCol/CodBud.")]
Domaines = Annotated[
    list[Domaine] | None, typer.Option("--domaine", help="Domaine réservé ouvert ; se répète.")
]
MotDePasse = Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)]


@app.command()
def creer(
    identifiant: Identifiant,
    *,
    nom: Annotated[str, typer.Option(help="Nom affiché.")],
    role: RoleOption,
    portee: Portee = "rien",
    cle: Cle = "",
    domaines: Domaines = None,
    courriel: Annotated[str, typer.Option(help="Adresse nominative.")] = "",
    mobile: Annotated[str, typer.Option(help="Numéro de mobile, pour un code par SMS.")] = "",
    departement: Annotated[str, typer.Option(help="Celui de son contact : 33, 2A, 974.")] = "",
    provisoire: Annotated[bool, typer.Option(help="À changer à la première connexion.")] = False,
    mot_de_passe: MotDePasse,
) -> None:
    """Créer un compte et son habilitation ; hors comptables, son identifiant finit par -xt."""
    check_identifiant(identifiant, role)
    octroi = Octroi(role, portee, cle, domaines=tuple(domaines or ()))
    with open_orc() as orc, orc.database.writing() as session:
        compte = NouveauCompte(
            identifiant,
            nom,
            mot_de_passe,
            courriel,
            provisoire=provisoire,
            departement=departement,
            mobile=mobile,
        )
        personne_id = create_compte(session, compte, par=PAR)
        _warn_unknown(session, grant_habilitation(session, personne_id, octroi, par=PAR))
    out.print(f"Compte {identifiant} créé : {LIBELLES_ROLES[role]}.", markup=False)


@app.command()
def liste(*, as_json: Json = False) -> None:
    """Les comptes et leurs habilitations, avec le numéro de chacune."""
    with open_orc() as orc, orc.database.reading() as session:
        comptes = find_comptes(session)
    if as_json:
        print_json(comptes)
        return
    for compte in comptes:
        _print_compte(compte)


@app.command()
def desactiver(identifiant: Identifiant) -> None:
    """Fermer un compte : ses sessions prennent fin tout de suite."""
    with open_orc() as orc, orc.database.writing() as session:
        disable_compte(session, identifiant, par=PAR)
    out.print(f"Compte {identifiant} désactivé.", markup=False)


@app.command("mot-de-passe")
def mot_de_passe(identifiant: Identifiant, *, mot_de_passe: MotDePasse) -> None:
    """Changer le mot de passe d’un compte : les sessions ouvertes avec l’ancien prennent fin."""
    with open_orc() as orc, orc.database.writing() as session:
        change_mot_de_passe(session, identifiant, mot_de_passe, par=PAR)
    out.print(f"Mot de passe de {identifiant} changé ; ses sessions sont fermées.", markup=False)


@app.command()
def reinitialiser(identifiant: Identifiant) -> None:
    """Donner un mot de passe provisoire, à remettre à la personne : elle le change aussitôt."""
    with open_orc() as orc, orc.database.writing() as session:
        provisoire = reset_mot_de_passe(session, identifiant, par=PAR)
    out.print(f"Mot de passe provisoire de {identifiant} : {provisoire}", markup=False)


@app.command("retirer-second-facteur")
def retirer_second_facteur(identifiant: Identifiant) -> None:
    """Retirer le second facteur d’un compte : téléphone perdu."""
    with open_orc() as orc, orc.database.writing() as session:
        remove_totp(session, get_personne_id(session, identifiant), par=PAR)
    out.print(f"Second facteur de {identifiant} retiré.", markup=False)


@app.command()
def habiliter(
    identifiant: Identifiant,
    *,
    role: RoleOption,
    portee: Portee = "rien",
    cle: Cle = "",
    domaines: Domaines = None,
    exercice_min: Annotated[int | None, typer.Option(help="Premier exercice, compris.")] = None,
    exercice_max: Annotated[int | None, typer.Option(help="Dernier exercice, compris.")] = None,
    jusqu_a: Annotated[str, typer.Option(help="Dernier jour, 31/12/2027 ; vide : sans fin.")] = "",
) -> None:
    """Donner une habilitation de plus à un compte : elle vaut dès sa prochaine requête."""
    with open_orc() as orc, orc.database.writing() as session:
        octroi = Octroi(
            role,
            portee,
            cle,
            exercice_min=exercice_min,
            exercice_max=exercice_max,
            domaines=tuple(domaines or ()),
            jusqu_a=_read_date(jusqu_a),
        )
        personne_id = get_personne_id(session, identifiant)
        check_identifiant(identifiant, role)
        numero = grant_habilitation(session, personne_id, octroi, par=PAR)
        _warn_unknown(session, numero)
    out.print(f"Habilitation {numero} donnée à {identifiant}.", markup=False)


@app.command()
def importer(
    fichiers: Annotated[
        list[Path],
        typer.Argument(
            help="CSV : identifiant;nom;(courriel);(departement), et "
            "identifiant;role;portee;cle;(exercice_min);(exercice_max);(domaines);(droits);"
            "(depuis);(jusqu_a)."
        ),
    ],
    *,
    essai: Annotated[bool, typer.Option("--essai", help="Dire ce qui serait fait.")] = False,
    mots_de_passe: Annotated[
        Path | None, typer.Option(help="Fichier à créer pour les mots de passe provisoires.")
    ] = None,
) -> None:
    """Créer des comptes et leurs habilitations, tous ou aucun. Réimporter ne change rien."""
    with open_orc() as orc, orc.database.writing() as session:
        read = [read_file(path) for path in fichiers]
        today = read_today()
        bilan = import_comptes(session, read, par=PAR, today=today)
        if essai:
            session.rollback()
        elif bilan.mots_de_passe:
            _write_mots_de_passe(mots_de_passe, bilan)
    out.print(
        f"{'Essai, rien n’est fait : ' if essai else ''}"
        f"{bilan.comptes} comptes créés, {bilan.comptes_connus} déjà connus ; "
        f"{bilan.habilitations} habilitations données, {bilan.habilitations_connues} déjà tenues."
    )


def _write_mots_de_passe(path: Path | None, bilan: BilanComptes) -> None:
    """Where only its owner reads them; without that file, no account is made."""
    if path is None:
        raise Invalid("Dites où écrire les mots de passe provisoires : --mots-de-passe FICHIER.")
    try:
        with open(
            path, "x", encoding="utf-8", opener=lambda p, flags: os.open(p, flags, 0o600)
        ) as sortie:
            sortie.writelines(f"{who};{secret}\n" for who, secret in bilan.mots_de_passe)
    except OSError as error:
        raise Invalid(f"Le fichier {path} ne s’écrit pas, ou existe déjà.") from error


@app.command()
def retirer(
    habilitation: Annotated[int, typer.Argument(help="Son numéro, que « liste » donne.")],
) -> None:
    """Retirer une habilitation : elle ne vaut plus dès la prochaine requête, et reste écrite."""
    with open_orc() as orc, orc.database.writing() as session:
        withdraw_habilitation(session, habilitation, par=PAR)
    out.print(f"Habilitation {habilitation} retirée.")


def _warn_unknown(session: Session, habilitation_id: int) -> None:
    """Say that a scope is unknown: a SIREN mistyped would show nothing, and say nothing."""
    grant = session.get_one(Habilitation, habilitation_id)
    if not read_noms(session, [grant]).knows(grant.portee, grant.portee_cle):
        err.print(
            f"Attention : le référentiel ne connaît pas {grant.portee} {grant.portee_cle}. "
            "L’habilitation est donnée ; elle ne montre rien tant qu’il ne le connaît pas.",
            markup=False,
        )


def _print_compte(compte: Compte) -> None:
    state = "" if compte.actif else "  (désactivé)"
    out.print(f"{compte.identifiant}  {compte.nom}{state}", markup=False)
    for grant in compte.habilitations:
        out.print(f"    n° {grant.id}  {_write_habilitation(grant)}", markup=False)


def _write_habilitation(grant: HabilitationVue) -> str:
    """`Ordonnateur · collectivite 999000018 · exercices 2022 à 2025 · paie`."""
    years = ""
    if grant.exercice_min is not None or grant.exercice_max is not None:
        years = f"exercices {grant.exercice_min or '…'} à {grant.exercice_max or '…'}"
    domaines = ", ".join(LIBELLES_DOMAINES[d].lower() for d in grant.domaines)
    scope = "" if grant.portee == "rien" else f"{grant.portee} {grant.portee_cle}"
    until = f"jusqu’au {format_date(grant.jusqu_a)}" if grant.jusqu_a else ""
    return " · ".join(filter(None, (LIBELLES_ROLES[grant.role], scope, years, domaines, until)))


def _read_date(text: str) -> date | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007 - a civil day
    except ValueError as error:
        raise Invalid(f"Date attendue sous la forme 31/12/2027, pas « {text} ».") from error
