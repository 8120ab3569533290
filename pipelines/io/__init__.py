"""Files and storage: locations, atomic writes, rows, shards, and data set folders."""
