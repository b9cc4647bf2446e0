"""Pages that are only images become text with the boxes of its words, by tesseract, in children."""
