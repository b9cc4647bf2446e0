"""What OCR did of each page it was given; the words and their boxes lie in orc.storage."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from orc.models.base import Base, Instant


class LecturePage(Base):
    """A page of a document read by OCR: done once, whatever happens to what read it."""

    __tablename__ = "lecture_page"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    # From 1.
    page: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # orc.boxes.EtatPage.
    etat: Mapped[str]
    motif: Mapped[str] = mapped_column(default="")
    # 0 to 100.
    qualite: Mapped[int]
    nb_mots: Mapped[int]
    nir: Mapped[bool] = mapped_column(default=False)
    # What read it, with its version.
    lecteur: Mapped[str]
    quand: Mapped[datetime] = mapped_column(Instant)
