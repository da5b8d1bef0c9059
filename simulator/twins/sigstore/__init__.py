"""Stand-ins for Sigstore's certificate authority and transparency log, under a root of trust of pysim's own."""
