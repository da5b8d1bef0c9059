"""The actions that pysim ships: one folder each, laid out in a sandbox and run there.

`registry` is read by the simulator itself; everything in the folders runs inside a sandbox and knows nothing of it.
"""
