"""The pure core: values in, values out; no file, clock, network, id or dice."""
