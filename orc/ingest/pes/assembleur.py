"""expat's events become blocks of bounded size, each handed to the reader as soon as it ends."""

import re
from collections.abc import Callable
from xml.parsers import expat

from orc.ingest.pes.blocs import VIDE, Bloc
from orc.ingest.pes.encoding import Correction
from orc.ingest.pes.grammaire import GRAMMAIRE, RACINES, REPETES, SOUS_UNITES, Genre
from orc.ingest.pes.lecteur import Lecteur
from orc.ingest.pes.limits import Arret, FluxIllisible, Limits
from orc.ingest.pes.pj import Fichier
from orc.ingest.pes.values import Forme, Gravite

_TAG = re.compile(rb"""<[^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*>""")
_TAG_MAX = 8192
_CACHE_MAX = 4096
_COURT = 400
_CADRES_MAX = 8


class Cadre:
    """A container that is open, and how many of each child it has shown."""

    __slots__ = ("comptes", "etiquette", "nom")

    def __init__(self, nom: str, etiquette: str) -> None:
        self.nom = nom
        self.etiquette = etiquette
        self.comptes: dict[str, int] = {}

    def label(self, nom: str) -> str:
        """Return the name of a child as a step of a path: `Piece[3]`."""
        rang = self.comptes[nom] = self.comptes.get(nom, 0) + 1
        return f"{nom}[{rang}]" if nom in REPETES else nom


class Assembleur:
    """Builds the blocks of one flow.

    `sautes` and `lignes_sautees` are the bytes and lines of the file that expat was not shown;
    `slice_file` and `read_fichier` give raw bytes of the file and the content of a PJ.
    """

    def __init__(
        self,
        lecteur: Lecteur,
        limits: Limits,
        correction: Correction,
        slice_file: Callable[[int, int], bytes],
        read_fichier: Callable[[int, int, str], Fichier],
    ) -> None:
        self.lecteur = lecteur
        self.limits = limits
        self.correction = correction
        self.sautes = self.lignes_sautees = 0
        self.fichier_offset = -1
        self._slice_file = slice_file
        self._read_fichier = read_fichier
        self._cadres: list[Cadre] = []
        self._blocs: list[Bloc] = []
        self._ignores = 0
        self._noeuds = self._noeuds_avant = 0
        self._nb_sous_unites = 0
        self._etiquette = ""
        self._textes: list[str] = []
        self._fichier: Fichier | None = None
        self._mime = ""
        self._noms: dict[str, str] = {}
        self._profondeur_libre = limits.profondeur - _CADRES_MAX
        self.parser = self._make_parser()

    def _make_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate(self.correction.encodage)
        parser.buffer_text = True
        if hasattr(parser, "SetReparseDeferralEnabled"):
            defer = False  # a tag must be told as soon as it is fed
            parser.SetReparseDeferralEnabled(defer)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        return parser

    @property
    def ligne(self) -> int:
        """Line of the file expat is at."""
        return self.parser.CurrentLineNumber + self.lignes_sautees

    @property
    def position(self) -> int:
        """Byte of the file expat is at."""
        return self.parser.CurrentByteIndex + self.sautes

    @property
    def chemin(self) -> str:
        """Path of the container or block expat is in."""
        steps = [cadre.etiquette for cadre in self._cadres]
        if self._blocs:
            steps.append(self._etiquette)
            if len(self._blocs) > 1 and self._blocs[1].nom == SOUS_UNITES.get(self._blocs[0].nom):
                steps.append(f"{self._blocs[1].nom}[{self._nb_sous_unites}]")
        return "/" + "/".join(steps)

    @property
    def commence(self) -> bool:
        """Whether a root of PES has been seen."""
        return self.lecteur.racine is not VIDE

    @property
    def termine(self) -> bool:
        """Whether the root has been closed."""
        return self.commence and not self._cadres and not self._blocs

    def _refuse_doctype(self, *_: object) -> None:
        message = "Le fichier contient une DTD, ce qu’un flux PES n’a jamais : il est refusé."
        raise FluxIllisible(message, f"ligne {self.ligne}")

    def _start(self, name: str, attrs: dict[str, str]) -> None:
        nom = self._noms.get(name) or self._local_name(name)
        blocs = self._blocs
        if self._ignores:
            self._ignores += 1
            if self._ignores > self.limits.profondeur:
                self._refuse_depth()
        elif len(blocs) > 1 and nom != "Fichier" and self._has_room():
            value = attrs.get("V", "")
            if value:
                plain = len(value) < _COURT and value.isascii()
                value = value.strip() if plain else self._clean(value)
            ligne = self.parser.CurrentLineNumber + self.lignes_sautees
            blocs.append(Bloc(nom, value, ligne, attrs))
            if self._textes:
                self._textes.clear()
        elif blocs:
            self._start_in_bloc(nom, attrs)
        elif self._cadres:
            self._start_in_cadre(nom, attrs)
        else:
            self._start_racine(nom, attrs)

    def _has_room(self) -> bool:
        """Whether one more element fits here, with nothing to say about it."""
        self._noeuds += 1
        if (
            self._noeuds < self.limits.noeuds
            and len(self._blocs) < self._profondeur_libre
            and self.fichier_offset < 0
        ):
            return True
        self._noeuds -= 1
        return False

    def _local_name(self, name: str) -> str:
        local = name.rpartition(":")[2]
        if len(self._noms) < _CACHE_MAX:
            self._noms[name] = local
        return local

    def _refuse_depth(self) -> None:
        message = f"Le XML dépasse {self.limits.profondeur} niveaux d’éléments."
        raise Arret("xml_trop_profond", message)

    def _start_racine(self, nom: str, attrs: dict[str, str]) -> None:
        if nom not in RACINES:
            place = f"ligne {self.ligne}"
            raise FluxIllisible(f"Ce n’est pas un flux PES : la racine est « {nom[:60]} ».", place)
        racine = Bloc(nom, "", self.ligne, attrs)
        self.lecteur.open_racine(racine)
        if RACINES[nom] is Forme.ACQUIT_PES_V1:
            self._blocs.append(racine)
            self._etiquette = nom
        else:
            self._cadres.append(Cadre(nom, nom))

    def _start_in_cadre(self, nom: str, attrs: dict[str, str]) -> None:
        cadre = self._cadres[-1]
        genre = GRAMMAIRE[cadre.nom].get(nom)
        if genre is None:
            self._ignores = 1
            if nom.startswith("PES_"):
                self.lecteur.emit_entete()
                message = f"Le bloc {nom[:60]} n’est pas lu par ORC."
                self._signal("bloc_non_lu", message, Gravite.INFO)
            return
        if genre is Genre.CONTENANT:
            self._cadres.append(Cadre(nom, cadre.label(nom)))
            self.lecteur.open(nom, attrs)
            return
        self._etiquette = cadre.label(nom)
        self._noeuds = 0
        self._nb_sous_unites = 0
        self._fichier = None
        self._push(nom, attrs)

    def _start_in_bloc(self, nom: str, attrs: dict[str, str]) -> None:
        depth = len(self._blocs)
        parent = self._blocs[-1]
        if depth + len(self._cadres) >= self.limits.profondeur:
            self._refuse_depth()
        if depth == 1 and nom == SOUS_UNITES.get(parent.nom):
            # Let go of as soon as it is read: it counts apart, and comes even after too much else.
            self._noeuds_avant, self._noeuds = self._noeuds, 0
            self._nb_sous_unites += 1
            self._push(nom, attrs)
            return
        self._noeuds += 1
        if self._noeuds > self.limits.noeuds or parent.nom == "Fichier":
            self._ignores = 1
            if self._noeuds == self.limits.noeuds + 1:
                message = (
                    f"Le bloc a plus de {self.limits.noeuds} éléments : la suite n’est pas lue."
                )
                self._signal("bloc_trop_grand", message, Gravite.ERREUR)
            return
        self._push(nom, attrs)
        if nom == "Fichier" and self._blocs[0].nom == "PJ":
            self._open_fichier(attrs)

    def _push(self, nom: str, attrs: dict[str, str]) -> None:
        value = attrs.get("V", "")
        if value:
            value = self._clean(value)
        ligne = self.parser.CurrentLineNumber + self.lignes_sautees
        self._blocs.append(Bloc(nom, value, ligne, attrs))
        if self._textes:
            self._textes.clear()

    def _clean(self, value: str) -> str:
        value = value.strip()
        if len(value) > self.limits.valeur:
            message = f"Une valeur dépasse {self.limits.valeur} caractères : elle est coupée."
            self._signal("valeur_trop_longue", message, Gravite.ERREUR)
            value = value[: self.limits.valeur]
        if self.correction.active and not value.isascii():
            value = self.correction.correct(value)
        return value

    def _signal(self, code: str, message: str, gravite: Gravite) -> None:
        lecture = self.lecteur.lecture
        lecture.chemin, lecture.unite = self.chemin, VIDE
        lecture.signal(code, message, ligne=self.ligne, gravite=gravite)

    def _text(self, data: str) -> None:
        if data.isspace() or self._ignores or not self._blocs:
            return
        bloc = self._blocs[-1]
        if bloc.v or bloc.enfants or bloc.nom == "Fichier":
            return
        if sum(map(len, self._textes)) <= self.limits.valeur:
            self._textes.append(data[: self.limits.valeur + 1])

    def _end(self, _name: str) -> None:
        blocs = self._blocs
        if self._ignores:
            self._ignores -= 1
        elif len(blocs) > 2 and not self._textes and self.fichier_offset < 0:
            self._attach(blocs.pop(), blocs[-1].enfants)
        elif blocs:
            self._end_bloc()
        else:
            self._end_cadre()

    def _end_cadre(self) -> None:
        cadre = self._cadres.pop()
        lecture = self.lecteur.lecture
        steps = [each.etiquette for each in self._cadres]
        lecture.chemin, lecture.unite = "/" + "/".join([*steps, cadre.etiquette]), VIDE
        self.lecteur.close(cadre.nom)

    def _end_bloc(self) -> None:
        bloc = self._blocs[-1]
        if self._textes:
            bloc.v = self._clean("".join(self._textes))
            self._textes.clear()
        if self.fichier_offset >= 0 and bloc.nom == "Fichier":
            self._close_fichier()
        depth = len(self._blocs)
        if depth == 1:
            self._hand_over(bloc)
            return
        if depth == 2 and bloc.nom == SOUS_UNITES.get(self._blocs[0].nom):
            self._hand_over_sous_unite(bloc)
            return
        self._blocs.pop()
        self._attach(bloc, self._blocs[-1].enfants)

    @staticmethod
    def _attach(bloc: Bloc, enfants: dict[str, list[Bloc]]) -> None:
        found = enfants.get(bloc.nom)
        if found is None:
            enfants[bloc.nom] = [bloc]
        else:
            found.append(bloc)

    def _hand_over(self, bloc: Bloc) -> None:
        lecture = self.lecteur.lecture
        lecture.chemin, lecture.unite = self.chemin, bloc
        self._blocs.clear()
        if self._cadres:
            self.lecteur.read(bloc, self._cadres[-1].nom, self._fichier)
        else:
            self.lecteur.read_acquit_pes_v1(bloc)
        self._fichier = None

    def _hand_over_sous_unite(self, bloc: Bloc) -> None:
        lecture = self.lecteur.lecture
        lecture.chemin, lecture.unite = self.chemin, bloc
        self._blocs.pop()
        self._noeuds = self._noeuds_avant
        self.lecteur.read_ligne(bloc)

    def _open_fichier(self, attrs: dict[str, str]) -> None:
        start = self.position
        tag = _TAG.match(self._slice_file(start, start + _TAG_MAX))
        if self._fichier is not None or tag is None:
            message = "Fichier joint non lu : la pièce en a déjà un, ou sa balise est hors norme."
            self._signal("fichier_ignore", message, Gravite.ERREUR)
            return
        self.fichier_offset = start + tag.end()
        self._mime = attrs.get("MIMEType", "")[:100]

    def _close_fichier(self) -> None:
        start = self.fichier_offset
        self._fichier = self._read_fichier(start, max(start, self.position), self._mime)
        self.fichier_offset = -1
