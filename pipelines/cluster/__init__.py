"""Work on many processes or machines: the only place that knows Ray."""

from pipelines.cluster.address import check_address
from pipelines.cluster.pool import Pool, pool

__all__ = ["Pool", "check_address", "pool"]
