"""Why a step failed, from what the run did: small diagnoses over facts. Knows no event sink and no report."""
