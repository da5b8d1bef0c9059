"""softprops/action-gh-release: makes or changes a release on GitHub and uploads its files."""
