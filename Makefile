# make demo   install into .venv and run the demonstration
# make test   install into .venv and run the tests
# make check  run the slow tests too
# make docs   install into .venv and build the site, which checks its links
# make notebooks  run the notebooks in full, into docs/notebooks with their outputs
PYTHON ?= $(firstword $(foreach p,python3.12 python3.11 python3,$(if $(shell $(p) -c 'import sys; print(sys.version_info >= (3, 11) or "")' 2>/dev/null),$(p))))
VENV ?= .venv
DEMO ?= demo

.PHONY: demo test check docs notebooks

# On Linux, memory in huge pages: what a training step allocates is then had at a fraction of the time.
demo: export GLIBC_TUNABLES ?= glibc.malloc.hugetlb=1
demo: $(VENV)/.installed
	$(VENV)/bin/manojax demo --out $(DEMO)

test: $(VENV)/.installed-for-tests
	$(VENV)/bin/python -m pytest

check: $(VENV)/.installed-for-tests
	$(VENV)/bin/python -m pytest -m "slow or not slow"

docs: export NO_MKDOCS_2_WARNING = 1
docs: $(VENV)/.installed-for-docs
	$(VENV)/bin/mkdocs build --strict

# The scripts are the source. Minutes each.
notebooks: $(VENV)/.installed-for-notebooks
	$(VENV)/bin/python -m jupytext --quiet --update --to ipynb notebooks/*.py
	$(VENV)/bin/python -m nbconvert --to notebook --execute --output-dir docs/notebooks notebooks/*.ipynb

$(VENV)/bin/python:
	$(if $(PYTHON),,$(error Python 3.11 or newer is needed; name one with make PYTHON=...))
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	$(VENV)/bin/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.installed-for-tests: $(VENV)/.installed
	$(VENV)/bin/python -m pip install --quiet --editable ".[dev]"
	touch $@

$(VENV)/.installed-for-docs: $(VENV)/.installed
	$(VENV)/bin/python -m pip install --quiet --editable ".[docs]"
	touch $@

$(VENV)/.installed-for-notebooks: $(VENV)/.installed
	$(VENV)/bin/python -m pip install --quiet --editable ".[notebooks]"
	touch $@
