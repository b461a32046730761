"""Arrow and pandas functions around the kernels: the only users of mapInArrow and applyInArrow."""
