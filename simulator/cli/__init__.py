"""Where the parts are joined: the only part that names concrete engines, twins and renderers."""
