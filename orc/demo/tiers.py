"""Third parties: firms, persons and public bodies, invented, with keys that check."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from orc.demo.alea import Alea, make_alea
from orc.demo.referentiel import Collectivite, make_siren, make_siret

# No bank: the codes of the register (CIB) are numbers from 10000 up.
CODE_BANQUE = "00009"
BIC = "DEMOFRPPXXX"


@dataclass(frozen=True, slots=True)
class Tiers:
    """A creditor or debtor. `categorie` and `nature_juridique` are CatTiers and NatJur of PES."""

    nom: str
    siret: str
    categorie: str
    nature_juridique: str
    adresse: str
    code_postal: str
    ville: str
    iban: str
    reference: str
    civilite: str = ""
    prenom: str = ""
    metier: str = ""
    rang: int = 0

    @property
    def nom_complet(self) -> str:
        """Name as papers write it."""
        return f"{self.civilite} {self.prenom} {self.nom}".strip()


def rib_key(guichet: str, compte: str) -> str:
    """The two digits of a French RIB: 97 - (89 b + 15 g + 3 c) mod 97."""
    reste = (89 * int(CODE_BANQUE) + 15 * int(guichet) + 3 * int(compte)) % 97
    return f"{97 - reste:02d}"


def make_iban(guichet: int, compte: int) -> str:
    """A French IBAN of the bank that does not exist, keys of RIB and IBAN (ISO 13616) valid."""
    branche, numero = f"{guichet:05d}", f"{compte:011d}"
    bban = f"{CODE_BANQUE}{branche}{numero}{rib_key(branche, numero)}"
    cle = 98 - int(bban + "152700") % 97
    return f"FR{cle:02d}{bban}"


def split_rib(iban: str) -> tuple[str, str, str, str]:
    """Bank, branch, account and key of a French IBAN."""
    return iban[4:9], iban[9:14], iban[14:25], iban[25:27]


_NOMS = [
    "Vauquelin",
    "Marsac",
    "Queyrolle",
    "Thiébaut",
    "Garric",
    "Perrachon",
    "Cazenave",
    "Dorat",
    "Lestrade",
    "Rouvière",
    "Bonnafous",
    "Chassagne",
    "Delpierre",
    "Estève",
    "Fontvieille",
    "Grandjean",
    "Hostalrich",
    "Imbault",
    "Jourdanet",
    "Kermarec",
    "Lavergne",
    "Maurepas",
    "Noguès",
    "Ollivary",
    "Pradines",
    "Quintrand",
    "Roquebert",
    "Saint-Yves",
    "Tournebise",
    "Urvoy",
    "Valadier",
    "Wattelin",
    "Ybert",
    "Zuccarelli",
    "Amouroux",
    "Berthelin",
    "Coussirat",
    "Dangleterre",
    "Escoffié",
    "Flahaut",
    "Gouzènes",
    "Hénaffre",
    "Isnardon",
    "Jacquelot",
    "Lormeau",
    "Mirandol",
    "Peyrelade",
    "Rambouillat",
    "Sévérac",
    "Taillefert",
]
_PRENOMS = [
    "Adèle",
    "Anselme",
    "Aurore",
    "Baptiste",
    "Bérengère",
    "Camille",
    "Cyprien",
    "Delphine",
    "Édouard",
    "Éloïse",
    "Fabrice",
    "Félicie",
    "Gaétan",
    "Ghislaine",
    "Henri",
    "Inès",
    "Jérémie",
    "Judith",
    "Kévin",
    "Léonie",
    "Loïc",
    "Maëlle",
    "Mathurin",
    "Nadège",
    "Noé",
    "Océane",
    "Paulin",
    "Quentin",
    "Rachel",
    "Romain",
    "Sabine",
    "Sylvain",
    "Tiphaine",
    "Ulysse",
    "Valentine",
    "Xavier",
    "Yvonne",
    "Zélie",
]
_VOIES = (
    "rue des Charrons", "avenue du Viaduc", "chemin de la Source", "impasse des Glycines",
    "place aux Herbes", "route de Montclair", "quai des Tanneurs", "allée des Merisiers",
    "rue du Four banal", "boulevard des Arpenteurs", "sente du Moulin", "rue de l'Égalité",
)  # fmt: skip
_VILLES = (
    ("99100", "ROCHEBRUNE-SUR-AVELLE"), ("99230", "MONTCLAIR-LES-ETANGS"),
    ("99110", "SAINT-OURS-D'AVELLE"), ("99310", "VIEILLEFONT"), ("99420", "LES ARDILLATS"),
    ("99500", "PORT-AUBRAC"), ("99640", "CASTELVIEL-EN-COMBE"), ("99710", "BOIS-LE-PRIEUR"),
)  # fmt: skip
_FORMES = ("SARL", "SAS", "EURL", "SA", "SCOP", "Ets")
_GENRES = {
    "bureau": "Papeterie", "energie": "Énergies", "voirie": "Travaux Publics",
    "batiment": "Bâtiment",
    "informatique": "Informatique", "alimentation": "Restauration", "vehicules": "Automobiles",
    "telecom": "Télécom", "nettoyage": "Propreté", "etudes": "Ingénierie",
    "assurance": "Assurances",
    "espaces": "Paysages", "edition": "Imprimerie", "eau": "Réseaux", "sante": "Médical",
    "transport": "Autocars", "mobilier": "Mobilier", "formation": "Conseil",
}  # fmt: skip
METIERS = tuple(_GENRES)
FIRMES_PAR_METIER = 8


def _adresse(alea: Alea) -> tuple[str, str, str]:
    cp, ville = alea.choice(_VILLES)
    return f"{alea.randint(1, 148)} {alea.choice(_VOIES)}", cp, ville


def _iban(alea: Alea) -> str:
    return make_iban(alea.randint(1, 99999), alea.randint(1, 99_999_999_999))


@cache
def list_firmes(metier: str, seed: int) -> tuple[Tiers, ...]:
    """The firms of a trade; rank, SIREN and IBAN are stable for a seed."""
    firmes = []
    premier = 1000 + METIERS.index(metier) * FIRMES_PAR_METIER
    for rang in range(FIRMES_PAR_METIER):
        alea = make_alea(seed, "firme", metier, rang)
        patronyme, forme = alea.choice(_NOMS), alea.choice(_FORMES)
        nom = f"{forme} {patronyme} {_GENRES[metier]}" if rang % 3 else (
            f"{patronyme} & {alea.choice(_NOMS)} {_GENRES[metier]}"
        )  # fmt: skip
        siret = make_siret(make_siren(premier + rang), alea.randint(1, 9))
        adresse, cp, ville = _adresse(alea)
        firmes.append(
            Tiers(nom[:38], siret, "50", "03", adresse, cp, ville, _iban(alea),
                  f"F{premier + rang:06d}", metier=metier, rang=premier + rang - 1000)
        )  # fmt: skip
    return tuple(firmes)


def make_personne(alea: Alea) -> Tiers:
    """A private person, drawn from the same names."""
    prenom, nom = alea.choice(_PRENOMS), alea.choice(_NOMS)
    adresse, cp, ville = _adresse(alea)
    civilite = alea.choice(("M.", "Mme"))
    return Tiers(nom.upper(), "", "01", "01", adresse, cp, ville, _iban(alea),
                 f"P{alea.randint(1, 999_999):06d}", civilite=civilite, prenom=prenom)  # fmt: skip


_CATEGORIES = {"commune": "23", "EPCI": "24", "departement": "22", "hopital": "27", "CCAS": "26"}


def make_public(collectivite: Collectivite, siret: str) -> Tiers:
    """A public body of the referential as a third party."""
    alea = make_alea(0, "public", collectivite.siren)
    return Tiers(
        collectivite.nom[:38], siret, _CATEGORIES[collectivite.nature], "09",
        collectivite.adresse[:38], collectivite.code_postal, collectivite.ville, _iban(alea),
        f"C{collectivite.siren[-4:]}",
    )  # fmt: skip


def make_association(alea: Alea) -> Tiers:
    """An association that receives a grant."""
    objet = alea.choice(
        (
            "Amicale laïque",
            "Harmonie",
            "Club de rugby",
            "Foyer rural",
            "Chorale",
            "Comité des fêtes",
        )
    )
    adresse, cp, ville = _adresse(alea)
    numero = 5000 + alea.randrange(300)
    siret = make_siret(make_siren(numero), 1)
    return Tiers(f"{objet} de {ville.title()}"[:38], siret, "50", "06", adresse, cp, ville,
                 _iban(alea), f"A{numero}")  # fmt: skip


def make_banque() -> Tiers:
    """The lender of every loan of the world."""
    return Tiers("Caisse de Crédit de l'Avelle", make_siret(make_siren(900), 1), "50", "03",
                 "2 quai des Tanneurs", "99000", "ROCHEBRUNE-SUR-AVELLE", make_iban(1, 77_777),
                 "B000900", metier="banque")  # fmt: skip
