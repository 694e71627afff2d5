"""The DAGs. Each file makes one kind of DAG for all sites; the package has this folder as `pressmark.dags`."""

if __name__ == "dags":  # A checkout has this folder twice: at its top, and in the package by a link.
    raise ImportError("dags is a part of the package: import pressmark.dags")
