# Two commands matter: make demo, make test. Each installs what it needs, once.

# A silo of real flows instead of the demonstration's: make demo SILO=/mes/flux
SILO ?=
# How many pieces the demonstration silo holds (200 to 1000000), and where the web front answers.
PIECES ?= 2000
PORT ?= 8000
# The broker of make grand: redis or rabbitmq.
QUEUE ?= redis
# Test processes at a time.
JOBS ?= 2
# make test SERVEURS=garder leaves the real servers running: the next run starts faster.
SERVEURS ?=
# Options for the benchmarks: make bench ARGS="--pieces 10000"
ARGS ?=

BIN := .venv/bin
.DEFAULT_GOAL := aide
.PHONY: aide demo grand test installer lint format bench clean clean-demo

aide: ## Dit ce que fait chaque commande
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile
	@echo "  Options : make demo PIECES=20000 PORT=8080, make demo SILO=/mes/flux"

demo: installer ## Installe, fabrique un silo de démonstration, l’ingère et ouvre ORC
	@$(BIN)/orc demo lancer --pieces "$(PIECES)" --port "$(PORT)" $(if $(SILO),--silo "$(SILO)")

grand: installer ## ORC à grande échelle sur de vrais serveurs, la démonstration dedans
	@scripts/grand --pieces "$(PIECES)" --port "$(PORT)" --queue "$(QUEUE)"

test: installer ## Installe, vérifie le code et passe tous les tests
	@scripts/systeme
	@$(MAKE) --no-print-directory lint
	@SERVEURS="$(SERVEURS)" scripts/essais -n $(JOBS)

installer: .venv/.fait ## Installe les bibliothèques et les composants de l’interface
	@$(BIN)/python scripts/assets

.venv/.fait: requirements.lock pyproject.toml scripts/environnement
	@scripts/environnement

lint: .venv/.fait ## Vérifie style, types, étages et gabarits
	@mkdir -p var
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >var/etages.txt 2>&1 || { cat var/etages.txt; exit 1; }
	@$(BIN)/djlint web/templates --lint --quiet

format: .venv/.fait ## Met le code en forme
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

bench: installer ## Mesure ORC et ses concurrents : un tableau
	@$(BIN)/python -m benchmarks $(ARGS)

clean: ## Retire ce qui a été installé (ni les données, ni la démonstration)
	@rm -rf .venv node_modules web/static/vendor build dist .coverage .coverage.* \
	  .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find orc web tests migrations benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

clean-demo: ## Retire la démonstration (le silo d’origine n’est jamais touché)
	@rm -rf var/demo
