"""Put notebooks into the navigation of the site, where `make notebooks` has left any."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Called by mkdocs before it reads the pages."""
    found = sorted(Path(config.docs_dir).glob("notebooks/*.ipynb"))
    if found and config.nav is not None:
        config.nav.insert(2, {"Notebooks": [f"notebooks/{path.name}" for path in found]})
    return config
