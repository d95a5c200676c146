"""Read, inspect, copy, describe and sign adapter folders."""
