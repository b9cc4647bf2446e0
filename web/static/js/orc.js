// Shortcuts and small comforts: every page works without this file.
