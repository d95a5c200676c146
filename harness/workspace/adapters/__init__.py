"""Read, inspect, copy and sign adapter folders."""
