"""What one can ask of pysim: a request in, run events on the way, a typed result out. The one part that names engines and twins."""
