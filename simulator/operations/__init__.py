"""What one can ask of pysim: a request in, run events on the way, a typed result out.

The one part that names concrete engines and twins. Knows no option, no exit code, no terminal and no form of output.
"""
