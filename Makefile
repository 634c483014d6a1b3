PREFIX ?= /usr/local

install:
	cargo xtask install $(PREFIX)

.PHONY: install
