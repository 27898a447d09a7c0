import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "reference_impl"))
sys.path.insert(0, str(Path(__file__).parent))

from postgres_server import postgres_server

__all__ = ["postgres_server"]
