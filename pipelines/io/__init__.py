"""Files and storage: locations, atomic writes, rows, shards, and dataset folders."""
