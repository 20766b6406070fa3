"""Settings of published tables, each a command; `runner` runs them, `setting` and `data` describe them."""
