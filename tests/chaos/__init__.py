"""Random histories of a stack on the real engine, with faults and kills: `make chaos`."""
