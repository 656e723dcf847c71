# The one way into this checkout. Needs Python >= 3.11 (python3, or PYTHON=...), make and a network
# to PyPI, for the tests of the JavaScript client to the npm registry too; everything that it installs
# lies in .tools, .venv and node_modules below tests/client. Works without any environment.

UV_VERSION := 0.13.9
WORKERS ?= 3

.DEFAULT_GOAL := help
.NOTPARALLEL:
.SUFFIXES:
.DELETE_ON_ERROR:
.PHONY: FORCE help setup demo test check format nightly bench build clean

# Another project's activated environment must not leak into this one.
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv
# Values that a caller gives reach the shell as data, never as text of a command.
export BREAK only scale_percent

UV := .tools/uv/bin/uv
UV_STAMP := .tools/uv/.installed-$(UV_VERSION)
SYNC_STAMP := .venv/.synced
NPM_FOLDERS := tests/client/javascript tests/client/baileys
NPM_STAMPS := $(NPM_FOLDERS:%=%/node_modules/.installed)
# Programs of the environment are found by the tests, which run in the checkout.
IN_VENV := PATH="$$PWD/.venv/bin:$$PATH"
PYTEST := $(IN_VENV) .venv/bin/python -m pytest

help: ## list the targets
	@printf 'make TARGET\n\n'
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  \1 \2/p' Makefile | \
	  while read -r target text; do printf '  %-9s %s\n' "$$target" "$$text"; done
	@printf '\nPYTHON=python3.13 chooses the interpreter, WORKERS=4 the parallel tests.\n'

setup: $(SYNC_STAMP) ## install everything into .tools and .venv

demo: setup ## move the salon between two throw-away servers, into var/demo (BREAK=NAME breaks it on purpose)
	@$(IN_VENV) .venv/bin/python -m salon.demo --output var/demo $(if $(BREAK),--break "$$BREAK")

test: setup $(NPM_STAMPS) ## all tests except the nightly ones (args="tests/unit -x" narrows)
	@$(PYTEST) -m "not nightly" -n $(WORKERS) --dist loadfile $(args)

check: setup ## format, lint, types, import contracts
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/python -m mypy
	.venv/bin/lint-imports --no-logo

format: setup ## rewrite the code in the house's format
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

nightly: setup $(NPM_STAMPS) ## the tests that take longer than CI allows (args=... narrows)
	@$(PYTEST) -m nightly $(args)

bench: setup ## measure the figures of the documentation (only=NAME one, scale_percent=5 a small run)
	@$(UV_SETTINGS) $(IN_VENV) .venv/bin/python bench/run.py $(if $(only),--only "$$only") \
	  $(if $(scale_percent),--scale-percent "$$scale_percent")

build: setup ## the wheel, into dist
	@$(UV_SETTINGS) $(UV) build --wheel --out-dir dist --python .venv/bin/python

clean: ## remove what make has made: environments, caches, dist, var/demo
	rm -rf .venv .tools dist var/demo $(NPM_FOLDERS:%=%/node_modules)
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- bootstrap ---------------------------------------------------------------------------------

# uv reads neither pip's index nor pip's certificates: they are handed on unless uv has its own.
# The cache moves into the checkout where the home directory can't hold it. The platform's
# certificates are trusted like pip does, where the platform has some; by npm too.
define UV_SETTINGS
home_cache="$${XDG_CACHE_HOME:-$${HOME:-/nonexistent}/.cache}"; \
for place in "$$home_cache/uv" "$$home_cache" "$${HOME:-/nonexistent}" end; do \
  if [ -e "$$place" ]; then break; fi; \
done; \
if [ ! -d "$$place" ] || [ ! -w "$$place" ]; then \
  export UV_CACHE_DIR="$${UV_CACHE_DIR:-$$PWD/.tools/cache}"; \
fi; \
if [ -z "$${UV_DEFAULT_INDEX:-$${UV_INDEX_URL:-}}" ] && [ -n "$${PIP_INDEX_URL:-}" ]; then \
  export UV_DEFAULT_INDEX="$$PIP_INDEX_URL"; \
fi; \
if [ -z "$${SSL_CERT_FILE:-}" ] && [ -n "$${PIP_CERT:-}" ]; then \
  export SSL_CERT_FILE="$$PIP_CERT"; \
fi; \
for store in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt \
    /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do \
  if [ -s "$$store" ]; then \
    export UV_SYSTEM_CERTS="$${UV_SYSTEM_CERTS:-true}"; \
    export NODE_EXTRA_CA_CERTS="$${NODE_EXTRA_CA_CERTS:-$$store}"; \
    break; \
  fi; \
done;
endef

# Prints the interpreter behind "$$1" (not a virtual environment's own), fails if it is too old.
PROBE := import sys; sys.version_info >= (3, 11) or sys.exit(1); \
  print(getattr(sys, "_base_executable", None) or sys.executable); print(sys.version.split()[0])

# Where this checkout lies and which Python it uses. The file changes only when one of them does;
# then the environments, which hold absolute paths, are made anew.
.tools/identity: FORCE
	@mkdir -p .tools; \
	if [ -n "$${PYTHON:-}" ]; then \
	  set -- "$$PYTHON"; \
	else \
	  set -- "$$(sed -n 2p .tools/identity 2>/dev/null)" \
	    python3 python3.14 python3.13 python3.12 python3.11 python; \
	fi; \
	for candidate in "$$@"; do \
	  if found="$$("$$candidate" -c '$(PROBE)' 2>/dev/null)"; then break; fi; \
	done; \
	if [ -z "$${found:-}" ]; then \
	  echo "make: no Python >= 3.11 among: $$*" >&2; \
	  echo "make: install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2; \
	  exit 1; \
	fi; \
	identity="$$(pwd -P; printf '%s\n' "$$found")"; \
	if [ "$$(cat .tools/identity 2>/dev/null)" != "$$identity" ]; then \
	  if [ -e .tools/identity ]; then rm -rf .venv .tools/uv; fi; \
	  printf '%s\n' "$$identity" > .tools/identity; \
	fi

# A Python without ensurepip (Debian without python3-venv) can still be served by its own pip.
$(UV_STAMP): .tools/identity
	@python="$$(sed -n 2p .tools/identity)"; \
	if "$$python" -c 'import ensurepip, venv' 2>/dev/null && "$$python" -m venv .tools/uv; then \
	  set -- .tools/uv/bin/python -m pip; \
	elif "$$python" -m venv --without-pip .tools/uv && "$$python" -m pip --version >/dev/null 2>&1; then \
	  set -- "$$python" -m pip --python .tools/uv/bin/python; \
	else \
	  echo "make: $$python has neither ensurepip nor pip, so nothing can be installed." >&2; \
	  echo "make: install its venv module (Debian: apt-get install python3-venv)" >&2; \
	  echo "make: or name another interpreter: make PYTHON=/path/to/python3 ..." >&2; \
	  exit 1; \
	fi; \
	"$$@" install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@rm -f .tools/uv/.installed-*; touch $@

# The lock file names PyPI's own files. Where another index is set, the same versions with the same
# hashes are taken from there.
$(SYNC_STAMP): pyproject.toml uv.lock .tools/identity $(UV_STAMP)
	@$(UV_SETTINGS) set -e; python="$$(sed -n 2p .tools/identity)"; \
	if [ -z "$${UV_DEFAULT_INDEX:-$${UV_INDEX_URL:-}}" ]; then \
	  $(UV) sync --quiet --frozen --python "$$python"; \
	else \
	  $(UV) venv --quiet --allow-existing --python "$$python" .venv; \
	  $(UV) export --quiet --frozen --no-emit-project --output-file .tools/requirements.txt; \
	  $(UV) pip sync --quiet --python .venv/bin/python --require-hashes .tools/requirements.txt; \
	  $(UV) pip install --quiet --python .venv/bin/python --no-deps --editable .; \
	fi
	@touch $@

# Node and npm come from PyPI, with the environment.
$(NPM_STAMPS): %/node_modules/.installed: %/package.json %/package-lock.json $(SYNC_STAMP)
	@$(UV_SETTINGS) .venv/bin/python tests/client/npm_folder.py $* && touch $@
