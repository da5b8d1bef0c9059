"""The `${{ }}` language: lexer, parser, values, functions, evaluation. Knows no workflow and no run.

Public names are in `expressions.language`; the other modules are its parts.
"""
