"""What a collectivité buys and earns: trades, accounts by nomenclature, wordings, prices."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Achat:
    """A kind of purchase: accounts by nomenclature; articles (wording, lowest, highest price)."""

    metier: str
    nat: str
    taux: int
    comptes: dict[str, str]
    objets: tuple[str, ...]
    articles: tuple[tuple[str, int, int], ...]
    quantite: int = 12


def _comptes(m57: str, m49: str = "", m21: str = "") -> dict[str, str]:
    return {k: v for k, v in (("M57", m57), ("M49", m49), ("M21", m21)) if v}


ACHATS: tuple[Achat, ...] = (
    Achat("bureau", "01", 2000, _comptes("6064", "6064", "60625"),
          ("Fournitures de bureau", "Fournitures administratives", "Consommables d'impression"),
          (("Ramettes papier A4 80 g", 390, 640), ("Cartouche toner noir", 4200, 9800),
           ("Classeurs à levier", 180, 410), ("Stylos à bille bleus, boîte de 50", 900, 1500),
           ("Enveloppes kraft C4, lot de 250", 1900, 3200), ("Agendas de bureau", 700, 1600))),
    Achat("energie", "01", 2000, _comptes("60612", "6061", "60612"),
          ("Électricité éclairage public", "Électricité bâtiments", "Gaz naturel chaufferie"),
          (("Consommation heures pleines (kWh)", 14, 24),
          ("Consommation heures creuses (kWh)", 10, 18),
           ("Abonnement mensuel 36 kVA", 2900, 6400), ("Acheminement part fixe", 1100, 4800),
           ("Contribution au service public", 300, 2900)), 900),
    Achat("eau", "01", 550, _comptes("60611", "605", "60611"),
          ("Eau potable, compteur de la halle", "Eau des écoles", "Achat d'eau en gros"),
          (("Part fixe abonnement", 1800, 5200), ("Consommation d'eau (m3)", 145, 320),
           ("Redevance pour pollution (m3)", 22, 35), ("Location de compteur", 600, 1900)), 240),
    Achat("voirie", "01", 2000, _comptes("615231", "61523", "615258"),
          ("Entretien de la voirie communale", "Reprise d'enrobés", "Curage de fossés"),
          (("Enrobé à chaud (tonne)", 8800, 13900),
          ("Point à temps automatique (tonne)", 61000, 89000),
           ("Curage de fossé (ml)", 210, 480), ("Rebouchage de nids-de-poule (h)", 3900, 5600),
           ("Signalisation horizontale (ml)", 160, 390)), 40),
    Achat("batiment", "01", 2000, _comptes("615221", "615221", "615221"),
          ("Réparation de toiture", "Remplacement de menuiseries", "Travaux d'électricité"),
          (("Tuiles canal (unité)", 190, 340), ("Main-d'oeuvre qualifiée (h)", 4200, 5800),
           ("Porte coupe-feu une heure", 58000, 99000), ("Peinture deux couches (m2)", 1400, 2600),
           ("Dépose et évacuation", 18000, 46000)), 30),
    Achat("informatique", "01", 2000, _comptes("6156", "6156", "61561"),
          ("Maintenance du logiciel financier", "Hébergement du portail citoyen",
          "Assistance réseau"),
          (("Maintenance annuelle, module comptabilité", 98000, 240000),
          ("Jour d'assistance", 64000, 98000),
           ("Hébergement mensuel", 4900, 19000), ("Licence poste de travail", 3900, 14500)), 6),
    Achat("alimentation", "01", 550, _comptes("60623", "", "6023"),
          ("Repas de la restauration scolaire", "Denrées du restaurant",
          "Goûters du centre de loisirs"),
          (("Repas élémentaire livré", 345, 480), ("Repas maternelle livré", 310, 420),
           ("Légumes de saison (kg)", 140, 390), ("Pain biologique (kg)", 320, 490),
           ("Fromage fermier (kg)", 1150, 1950)), 180),
    Achat("vehicules", "01", 2000, _comptes("61551", "61551", "61551"),
          ("Réparation du véhicule de service", "Révision de la balayeuse", "Pneumatiques"),
          (("Vidange et filtres", 9800, 19800), ("Pneumatique 195/65 R15", 6900, 11900),
           ("Main-d'oeuvre atelier (h)", 5200, 7900), ("Plaquettes de frein", 5400, 12900)), 4),
    Achat("telecom", "01", 2000, _comptes("6262", "6262", "6265"),
          ("Téléphonie fixe et mobile", "Accès internet de la médiathèque",
          "Lignes de télégestion"),
          (("Forfait mobile illimité", 990, 2490), ("Accès fibre garanti", 18900, 49000),
           ("Ligne analogique secours", 1490, 2190),
           ("Communications hors forfait", 120, 4900)), 25),
    Achat("nettoyage", "01", 2000, _comptes("6283", "6283", "6283"),
          ("Nettoyage des locaux", "Lavage de vitres", "Entretien de la salle des fêtes"),
          (("Forfait mensuel de nettoyage", 68000, 219000), ("Lavage de vitrerie (m2)", 140, 290),
           ("Produits d'hygiène", 2100, 6900), ("Intervention exceptionnelle (h)", 2600, 3400)), 6),
    Achat("assurance", "01", 0, _comptes("6161", "6161", "6163"),
          ("Prime d'assurance dommages aux biens", "Assurance de la flotte",
          "Responsabilité civile"),
          (("Prime annuelle dommages aux biens", 240000, 890000),
          ("Prime par véhicule", 38000, 79000),
           ("Frais de gestion", 1500, 4200)), 3),
    Achat("edition", "01", 1000, _comptes("6236", "6236", "6236"),
          ("Impression du bulletin municipal", "Affiches de la fête de l'été",
          "Dépliants touristiques"),
          (("Bulletin 24 pages quadrichromie", 62, 115), ("Affiches 40 x 60", 90, 240),
           ("Mise en page (forfait)", 38000, 92000), ("Dépliants trois volets", 14, 39)), 900),
    Achat("espaces", "01", 2000, _comptes("61521", "61521", "61521"),
          ("Entretien des espaces verts", "Élagage des platanes", "Fleurissement du bourg"),
          (("Tonte et ramassage (m2)", 8, 19), ("Élagage d'un platane", 18000, 42000),
           ("Géraniums en godet", 120, 260), ("Paillage minéral (m3)", 6900, 11200)), 60),
    Achat("transport", "01", 1000, _comptes("6247", "6247", "6245"),
          ("Transports scolaires", "Sortie à la piscine", "Navette du marché"),
          (("Circuit scolaire quotidien", 14500, 32000), ("Rotation piscine", 12000, 19800),
           ("Kilomètres supplémentaires", 180, 290)), 22),
    Achat("formation", "01", 0, _comptes("6184", "6184", "6183"),
          ("Formation habilitation électrique", "Formation des élus",
          "Formation aux premiers secours"),
          (("Session de formation (jour)", 58000, 119000),
          ("Frais pédagogiques par stagiaire", 9000, 24000),
           ("Support de cours", 900, 2900)), 8),
    Achat("sante", "01", 550, _comptes("60661", "", "60222"),
          ("Dispositifs médicaux stériles", "Pharmacie de la crèche", "Consommables de bloc"),
          (("Seringues 10 ml, boîte de 100", 640, 1290), ("Gants nitrile, boîte de 200", 690, 1490),
           ("Compresses stériles, carton", 1900, 4900),
           ("Solution hydroalcoolique 5 l", 1700, 3900)), 60),
    Achat("etudes", "02", 2000, _comptes("2031", "2031", "2031"),
          ("Étude de faisabilité du pôle enfance", "Diagnostic du pont de la Combe",
          "Étude de sol"),
          (("Phase diagnostic", 380000, 990000), ("Phase avant-projet", 450000, 1250000),
           ("Réunion de restitution", 45000, 90000), ("Relevé topographique", 98000, 240000)), 1),
    Achat("mobilier", "02", 2000, _comptes("21848", "2184", "21848"),
          ("Mobilier de la médiathèque", "Bureaux et fauteuils", "Mobilier scolaire"),
          (("Table d'écolier réglable", 8900, 14900), ("Chaise coque", 3200, 5900),
           ("Rayonnage double face", 29000, 61000), ("Fauteuil ergonomique", 19800, 36000)), 20),
    Achat("informatique", "02", 2000, _comptes("21838", "2183", "21838"),
          ("Renouvellement des postes de travail", "Serveur de sauvegarde", "Tableaux interactifs"),
          (("Ordinateur portable 14 pouces", 68000, 129000), ("Écran 27 pouces", 17900, 31000),
           ("Serveur de sauvegarde 24 To", 480000, 920000),
           ("Installation sur site", 22000, 58000)), 8),
    Achat("voirie", "02", 2000, _comptes("2151", "21532", "2135"),
          ("Réfection de la rue des Charrons", "Aménagement du carrefour",
          "Renouvellement de réseau"),
          (("Terrassement (m3)", 1900, 3900), ("Bordures T2 (ml)", 2600, 4300),
           ("Grave bitume (tonne)", 7900, 11800),
           ("Canalisation fonte DN 150 (ml)", 9800, 16900)), 120),
)  # fmt: skip

FONCTIONS = ("020", "211", "212", "281", "313", "321", "511", "845", "024", "331")


@dataclass(frozen=True, slots=True)
class Produit:
    """A kind of revenue: CodProdLoc, account by nomenclature, wordings, prices, who owes it."""

    code: str
    comptes: dict[str, str]
    objets: tuple[str, ...]
    minimum: int
    maximum: int
    debiteur: str
    taux: int = 0
    nat: str = "01"


PRODUITS: tuple[Produit, ...] = (
    Produit("CANT", _comptes("7067"), ("Restauration scolaire", "Accueil périscolaire"),
            1200, 14000, "personne"),
    Produit("CREC", _comptes("7066"), ("Participation familiale multi-accueil", "Crèche"),
            4000, 62000, "personne"),
    Produit("CIME", _comptes("70311"), ("Concession trentenaire au cimetière",
    "Concession columbarium"),
            15000, 98000, "personne"),
    Produit("ODP", _comptes("70323"), ("Occupation du domaine public, terrasse",
    "Droits de place du marché"),
            4000, 48000, "firme"),
    Produit("LOYR", _comptes("752", "752", "7083"),
    ("Loyer du logement de l'école", "Location de la salle des fêtes"),
            9000, 86000, "personne"),
    Produit("DGF", _comptes("74111"), ("Dotation forfaitaire, acompte mensuel",), 900_000,
    9_800_000, "etat"),
    Produit("FCTV", _comptes("10222", "10222"), ("Fonds de compensation pour la TVA",),
            500_000, 8_800_000, "etat", nat="02"),
    Produit("SUBV", _comptes("1322", "1313"),
    ("Subvention régionale d'équipement", "Fonds de concours"),
            400_000, 12_000_000, "public", nat="02"),
    Produit("EAU", _comptes("", "70111"),
    ("Vente d'eau aux abonnés", "Facturation d'eau, premier semestre"),
            2500, 48000, "personne", taux=550),
    Produit("ASST", _comptes("", "70611"), ("Redevance d'assainissement collectif",),
            3000, 39000, "personne", taux=1000),
    Produit("HEBG", _comptes("", "", "73531"), ("Frais d'hébergement en EHPAD", "Tarif dépendance"),
            90_000, 240_000, "personne"),
    Produit("SEJ", _comptes("", "", "73211"), ("Frais de séjour hospitalier", "Forfait journalier"),
            2000, 310_000, "personne"),
    Produit("PRES", _comptes("", "", "7088"),
    ("Prestations de la blanchisserie", "Repas accompagnants"),
            1500, 29000, "firme", taux=2000),
)  # fmt: skip
