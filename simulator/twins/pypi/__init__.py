"""PyPI and TestPyPI: trusted publishing, uploads and downloads, with pypiserver behind. Knows no run and no sandbox."""
