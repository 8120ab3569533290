"""Places that are no folders of this machine: object storage and others that pyarrow opens, named by URI."""

from pipelines.storage.error import StorageError, UnansweredError, unread
from pipelines.storage.location import Location
from pipelines.storage.place import Place, absolute, expanded, local_path, place
from pipelines.storage.readable import readable

__all__ = [
    "Location",
    "Place",
    "StorageError",
    "UnansweredError",
    "absolute",
    "expanded",
    "local_path",
    "place",
    "readable",
    "unread",
]
