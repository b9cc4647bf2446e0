# ORC's image: the same for the web, the workers and the command line. No compiler, no root in it.
FROM python:3.11-slim-bookworm AS construction
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore UV_LINK_MODE=copy
WORKDIR /src
COPY pyproject.toml requirements.lock ./
COPY scripts/verrou scripts/verrou
# Only what runs ORC, its engines and its demonstration, at the versions and digests of the lock.
RUN python -m venv /opt/outils && python -m venv /opt/orc \
 && python scripts/verrou requirements.lock uv >/tmp/uv.lock \
 && /opt/outils/bin/pip install -q --require-hashes -r /tmp/uv.lock \
 && /opt/outils/bin/uv pip compile -q pyproject.toml --extra grand --extra demo \
      --constraint requirements.lock --no-header --no-annotate -o /tmp/noms \
 && python scripts/verrou requirements.lock $(sed 's/==.*//' /tmp/noms) >/tmp/orc.lock \
 && /opt/outils/bin/uv pip install -q --python /opt/orc/bin/python --require-hashes -r /tmp/orc.lock
COPY package.json package-lock.json .npmrc ./
COPY scripts scripts
COPY web/static web/static
RUN /opt/orc/bin/python -m pip --version >/dev/null && /opt/orc/bin/python scripts/assets
COPY . .
RUN python scripts/verrou requirements.lock hatchling packaging pathspec pluggy tomlkit \
      trove-classifiers \
      >/tmp/paquet.lock \
 && /opt/outils/bin/pip install -q --require-hashes -r /tmp/paquet.lock \
 && /opt/outils/bin/python -m hatchling build -t wheel -d /tmp/roue \
 && /opt/outils/bin/uv pip install -q --python /opt/orc/bin/python --no-deps /tmp/roue/*.whl

FROM python:3.11-slim-bookworm
RUN apt-get update -q \
 && apt-get install -y -q --no-install-recommends tesseract-ocr tesseract-ocr-fra \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --user-group --home-dir /donnees --shell /usr/sbin/nologin orc \
 && install -d -o orc -g orc -m 0750 /donnees
COPY --from=construction /opt/orc /opt/orc
ENV PATH=/opt/orc/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ORC_DATA=/donnees
USER orc
WORKDIR /donnees
VOLUME /donnees
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["orc", "serve", "--host", "0.0.0.0", "--port", "8000"]
