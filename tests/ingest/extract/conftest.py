"""Tika's client is imported as bootstrap imports it: it starts nothing and writes nothing."""

import os

from orc.ingest.extract.tika_http import ENVIRONMENT

os.environ.update(ENVIRONMENT)
