"""Commands of ``chainrule`` that are too long for ``nn/cli.py``."""
