"""From blocks of XML to elements, in the order of the flow: what belongs to what, what adds up."""

from collections.abc import Callable

from orc.domain import Sens
from orc.ingest.pes.acquit import (
    make_acquit_pes_v1,
    read_element_acquit,
    read_element_acquit_retour,
    read_lien_pj,
)
from orc.ingest.pes.blocs import VIDE, Bloc, Lecture
from orc.ingest.pes.bordereau import EnCours, read_bordereau, read_signature, signal_ecarts
from orc.ingest.pes.depense import read_ligne_mandat, read_mandat
from orc.ingest.pes.entete import read_entete, signal_manques
from orc.ingest.pes.facture import read_facture
from orc.ingest.pes.grammaire import RACINES
from orc.ingest.pes.limits import Limits
from orc.ingest.pes.marche import read_concession, read_marche
from orc.ingest.pes.pj import Fichier, read_pj
from orc.ingest.pes.recette import read_ligne_titre, read_titre
from orc.ingest.pes.retour import (
    read_bordereau_retour,
    read_client,
    read_ligne_retour,
    read_ormc_global,
    read_piece_retour,
)
from orc.ingest.pes.values import Entete, Forme, Gravite, Ligne, PjRef, SignatureElectronique
from orc.ingest.pes.values_retour import Element, FinFlux, LigneRetour

_SENS = {
    "PES_DepenseAller": Sens.DEPENSE,
    "PES_DepenseRetour": Sens.DEPENSE,
    "PES_RecetteAller": Sens.RECETTE,
    "PES_RecetteRetour": Sens.RECETTE,
}
_LIBELLES_V1 = ("LibelleAnoAck", "Libelle", "Motif", "Message", "Erreur")


class Lecteur:
    """Receives the blocks of one flow and puts out its elements."""

    def __init__(self, put: Callable[[Element], None], limits: Limits, encodage: str) -> None:
        self.put = put
        self.limits = limits
        self.encodage = encodage
        self.lecture = Lecture(put, limits)
        self.forme = Forme.ALLER
        self.racine = VIDE
        self.entete_emise = False
        self.nb_bordereaux = self.nb_pieces = self.nb_lignes = self.nb_pj = self.nb_elements = 0
        self._enveloppe = self._entete = self._entete_domaine = VIDE
        self._sens = Sens.DEPENSE
        self._en_cours: EnCours | None = None
        self._id_xml = ""
        self._rang_piece = 0
        self._lignes: list[Ligne] = []
        self._lignes_retour: list[LigneRetour] = []
        self._pj_refs: list[PjRef] = []
        self._commun: dict[str, Bloc] = {}
        self._ids: set[str] = set()
        self._signature: SignatureElectronique | None = None
        self._readers: dict[str, Callable[[Bloc], None]] = {
            "Enveloppe": self._read_enveloppe,
            "EnTetePES": self._read_entete_pes,
            "collectivite": self._read_collectivite,
            "BlocBordereau": self._read_bloc_bordereau,
            "Piece": self._read_piece,
            "Signature": self._read_signature,
            "Marche": lambda bloc: self.put(read_marche(self.lecture, bloc)),
            "Concession": lambda bloc: self.put(read_concession(self.lecture, bloc)),
            "FactureIndiv": lambda bloc: self.put(read_facture(self.lecture, bloc, self._commun)),
            "ElementACQUIT": self._read_element_acquit,
            "ElementACQUIT_RETOUR": lambda bloc: self.put(
                read_element_acquit_retour(self.lecture, bloc)
            ),
            "BordereauORMCGlobal": lambda bloc: self.put(read_ormc_global(self.lecture, bloc)),
            "Client": lambda bloc: self.put(read_client(self.lecture, bloc, self._entete_domaine)),
            "lien": self._read_lien,
        }

    def open_racine(self, racine: Bloc) -> None:
        """Take the root element, which says what kind of flow it is."""
        self.racine = racine
        self.forme = RACINES[racine.nom]
        racine.attrs[""] = self.encodage

    def open(self, nom: str, attrs: dict[str, str]) -> None:
        """Take note that a container begins."""
        self.emit_entete()
        if nom in _SENS:
            self._sens = _SENS[nom]
            self._entete_domaine = VIDE
        elif nom == "Bordereau":
            self._id_xml = attrs.get("Id", "")
            self._en_cours = None
            self._rang_piece = 0
        elif nom == "PES_Facture":
            self._commun = {}

    def close(self, nom: str) -> None:
        """Take note that a container has been read to its end."""
        if nom == "Bordereau" and self.forme is Forme.ALLER:
            self._end_bordereau(complet=True)
        elif nom == self.racine.nom:
            self.emit_entete()

    def read(self, bloc: Bloc, contenant: str, fichier: Fichier | None) -> None:
        """Read one whole block."""
        if bloc.nom not in {"Enveloppe", "EnTetePES", "collectivite"}:
            self.emit_entete()
        if bloc.nom == "PJ":
            self._read_pj(bloc, contenant, fichier)
        elif reader := self._readers.get(bloc.nom):
            reader(bloc)
        elif contenant == "PES_Facture":
            self._commun[bloc.nom] = bloc
        elif bloc.nom.startswith("EnTete"):
            self._read_entete_domaine(bloc, contenant)

    def read_ligne(self, bloc: Bloc) -> None:
        """Read a line of the piece that is open."""
        if len(self._lignes) + len(self._lignes_retour) >= self.limits.lignes:
            message = f"La pièce a plus de {self.limits.lignes} lignes : la suite n’est pas lue."
            self.lecture.signal("trop_de_lignes", message, gravite=Gravite.ERREUR)
        elif self.forme is Forme.RETOUR:
            self._lignes_retour.append(read_ligne_retour(self.lecture, bloc, self._sens))
        else:
            read = read_ligne_mandat if self._sens is Sens.DEPENSE else read_ligne_titre
            ligne, pj_refs = read(self.lecture, bloc)
            self._lignes.append(ligne)
            self._pj_refs.extend(pj_refs)

    def end(self, *, complet: bool) -> None:
        """Put out what closes the flow: an unfinished bordereau, silenced anomalies, FinFlux."""
        self.lecture.chemin, self.lecture.unite = "", VIDE
        self._end_bordereau(complet=False)
        total = self.lecture.nb_anomalies
        self.put(
            FinFlux(
                complet,
                self.nb_bordereaux,
                self.nb_pieces,
                self.nb_lignes,
                self.nb_pj,
                total,
                self.encodage,
                self._signature,
            )
        )

    def emit_entete(self) -> None:
        """Put the Entete out, once, with what is known of it."""
        if self.entete_emise:
            return
        self.entete_emise = True
        lecture = self.lecture
        held = lecture.chemin, lecture.unite
        tete = Bloc(self.racine.nom, "", self.racine.ligne, {})
        tete.enfants = {"Enveloppe": [self._enveloppe], "EnTetePES": [self._entete]}
        lecture.chemin, lecture.unite = f"/{self.racine.nom}", tete
        value = read_entete(lecture, self._enveloppe, self._entete, self.racine, self.forme)
        self.put(value)
        signal_manques(lecture, self._entete)
        lecture.chemin, lecture.unite = held

    def _read_enveloppe(self, bloc: Bloc) -> None:
        self._enveloppe = bloc
        if self._entete:
            self.emit_entete()

    def _read_entete_pes(self, bloc: Bloc) -> None:
        self._entete = bloc
        if self._enveloppe:
            self.emit_entete()

    def _read_collectivite(self, bloc: Bloc) -> None:
        if self.entete_emise:
            return
        self.entete_emise = True
        attrs = bloc.attrs
        self._commun["collectivite"] = bloc
        self.put(
            Entete(
                forme=self.forme,
                id_coll=attrs.get("siret", ""),
                id_post=attrs.get("codique", "").zfill(6),
                cod_col=attrs.get("codeCollectivite", "").zfill(3),
                cod_bud=attrs.get("codeBudget", "").zfill(2),
                encodage=self.encodage,
            )
        )

    def _read_entete_domaine(self, bloc: Bloc, contenant: str) -> None:
        self._entete_domaine = bloc
        expected = {"PES_DepenseAller": "EnTeteDepense", "PES_RecetteAller": "EnTeteRecette"}
        if bloc.nom != expected.get(contenant, bloc.nom):
            message = f"{bloc.nom} se trouve dans {contenant} : le bloc est lu quand même."
            self.lecture.signal("entete_croisee", message, gravite=Gravite.INFO)

    def _read_bloc_bordereau(self, bloc: Bloc) -> None:
        if self.forme is Forme.ALLER and self._en_cours is not None:
            message = "Le bordereau a deux en-têtes : seul le premier est retenu."
            self.lecture.signal("bordereau_double", message)
            return
        self.nb_bordereaux += 1
        if self.forme is Forme.RETOUR:
            restitution = self.lecture.texte(self._entete_domaine, "TypRestit")
            rang = self.nb_bordereaux
            self.put(read_bordereau_retour(self.lecture, bloc, self._sens, restitution, rang))
            return
        dematerialise = self.lecture.booleen(self._entete_domaine, "InfoDematerialisee")
        bordereau = read_bordereau(
            self.lecture,
            bloc,
            self._sens,
            id_xml=self._id_xml,
            dematerialise=dematerialise,
            rang=self.nb_bordereaux,
        )
        self._en_cours = EnCours(bordereau)
        self.put(bordereau)

    def _read_piece(self, bloc: Bloc) -> None:
        self.nb_pieces += 1
        self._rang_piece += 1
        lecture, rang = self.lecture, self._rang_piece
        if self.forme is Forme.RETOUR:
            lignes_retour = tuple(self._lignes_retour)
            self._lignes_retour.clear()
            self.nb_lignes += len(lignes_retour)
            self.put(read_piece_retour(lecture, bloc, self._sens, lignes_retour, rang))
            return
        if self._en_cours is None:
            message = "Une pièce se présente avant l’en-tête de son bordereau (BlocBordereau)."
            lecture.signal("bordereau_sans_bloc", message, gravite=Gravite.ERREUR)
            self._read_bloc_bordereau(VIDE)
        lignes, pj_refs = tuple(self._lignes), tuple(self._pj_refs)
        self._lignes.clear()
        self._pj_refs.clear()
        read = read_mandat if self._sens is Sens.DEPENSE else read_titre
        piece = read(lecture, bloc, lignes, pj_refs, rang)
        if not lignes:
            lecture.signal("piece_sans_ligne", f"La pièce {piece.numero} n’a aucune ligne.")
        self.nb_lignes += len(lignes)
        if self._en_cours is not None:
            self._en_cours.add(piece)
        self.put(piece)

    def _end_bordereau(self, *, complet: bool) -> None:
        if self._en_cours is None:
            return
        if complet:
            signal_ecarts(self.lecture, self._en_cours)
        self.put(self._en_cours.end(complet=complet))
        self._en_cours = None

    def _read_signature(self, bloc: Bloc) -> None:
        signature = read_signature(bloc)
        if self._en_cours is not None:
            self._en_cours.signature = signature
        else:
            self._signature = signature

    def _read_pj(self, bloc: Bloc, contenant: str, fichier: Fichier | None) -> None:
        self.nb_pj += 1
        if contenant != "PES_PJ":
            message = "Une pièce justificative est hors du bloc PES_PJ : elle est lue quand même."
            self.lecture.signal("pj_hors_bloc", message)
        pj = read_pj(self.lecture, bloc, fichier, self.nb_pj)
        if pj.id_unique and pj.id_unique in self._ids:
            message = f"L’identifiant {pj.id_unique} sert à deux pièces justificatives du flux."
            self.lecture.signal("id_unique_double", message, bloc, champ="IdUnique")
        self._ids.add(pj.id_unique)
        self.put(pj)

    def _read_element_acquit(self, bloc: Bloc) -> None:
        self.nb_elements += 1
        self.put(read_element_acquit(self.lecture, bloc, self.nb_elements))

    def _read_lien(self, bloc: Bloc) -> None:
        exercice = self._commun.get("collectivite", VIDE).attrs.get("exercice", "")
        self.put(read_lien_pj(self.lecture, bloc, exercice))

    def read_acquit_pes_v1(self, racine: Bloc) -> None:
        """Read a whole acquit of PES V1, or a PES_ACQUIT whose root is written otherwise."""
        self._enveloppe = racine.find("Enveloppe")
        self._entete = racine.find("EnTetePES")
        acquit = racine.find("ACQUIT")
        if acquit:
            self.forme = Forme.ACQUIT
            self.emit_entete()
            for element in acquit.find_all("ElementACQUIT"):
                self._read_element_acquit(element)
            return
        self.entete_emise = True
        nom_fic = next((found.v for found in racine.walk("NomFic") if found.v), "")
        self.put(Entete(forme=self.forme, nom_fic=nom_fic, encodage=self.encodage))
        libelles = [f.v for nom in _LIBELLES_V1 for f in racine.walk(nom) if f.v]
        self.put(make_acquit_pes_v1(racine.nom, libelles, racine.ligne))
