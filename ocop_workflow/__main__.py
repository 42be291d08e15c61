"""`python -m ocop_workflow` is the `ocop` command."""

from ocop_workflow.cli import main

main()
