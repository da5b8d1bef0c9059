"""How outside systems fail on request: what faults there are, their answers, and where the twins are given them."""
