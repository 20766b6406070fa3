"""PDE problems for neural operators: data, training, evaluation.

The package uses `manojax`, which never uses it. It offers `open`, `generate`, `train`, `evaluate`, `predict`,
`load` and more. Names are imported on first use, so that `import pde` takes only a moment; `__init__.pyi` lists
them all.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
