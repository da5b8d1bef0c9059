"""actions/upload-artifact/merge: makes one artifact of several."""
