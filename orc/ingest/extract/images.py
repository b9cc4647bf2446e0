"""Images hold no text: how many pages await OCR, and whether the file opens. Child only."""

import io
import warnings

from orc.ingest.extract.values import EtatTexte, Extraction, Limits

IMAGES = frozenset(
    {"image/jpeg", "image/png", "image/tiff", "image/gif", "image/bmp", "image/webp"}
)
PIXELS = 200_000_000


def read_image(octets: bytes, type_reel: str, limits: Limits) -> Extraction:
    """State A_OCERISER with the pages of the image (a TIFF may have many), or why not."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - few documents need it

    Image.MAX_IMAGE_PIXELS = PIXELS
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(octets)) as image:
            warnings.simplefilter("ignore")
            count = int(getattr(image, "n_frames", 1)) if type_reel == "image/tiff" else 1
            metadonnees = {"pages": str(count), "pixels": f"{image.width} × {image.height}"}
    except Image.DecompressionBombError:
        motif = "L’image dépasse 200 millions de points : elle n’a pas été ouverte."
        return Extraction(EtatTexte.TROP_GRAND, motif, (), type_reel, "pillow")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, KeyError, TypeError):
        motif = "L’image est abîmée : elle n’a pas pu être ouverte."
        return Extraction(EtatTexte.ILLISIBLE, motif, (), type_reel, "pillow")
    motif = "Le document est une image : son texte attend l’OCR."
    scans = tuple(range(1, min(count, limits.pages) + 1))
    return Extraction(EtatTexte.A_OCERISER, motif, (), type_reel, "pillow", scans, metadonnees)
