"""Settings of published tables, each a command.

The room uses `manojax`, `pde`, `benchmarks.record` and `benchmarks.study`. It offers the command lines `darcy_16`,
`darcy_85`, `darcy_211` and `darcy_421`, and to other rooms `data` and `records`.
"""
